# SPDX-License-Identifier: MIT
# MP_SANITIZE: --with-sanitizers=LIST builds the analyzer and the unit tests
# with -fsanitize=LIST. The shim is never built so: it and the sanitizers both
# want to own malloc.
AC_DEFUN([MP_SANITIZE], [
	AC_ARG_WITH([sanitizers], [AS_HELP_STRING([--with-sanitizers=LIST],
		[build the analyzer and the unit tests with -fsanitize=LIST, e.g. address,undefined])],
		[], [with_sanitizers=no])
	SANITIZE_CFLAGS=
	AS_IF([test "x$with_sanitizers" = xyes],
		[AC_MSG_ERROR([--with-sanitizers wants a list, e.g. address,undefined])])
	AS_IF([test "x$with_sanitizers" != xno], [
		SANITIZE_CFLAGS="-fsanitize=$with_sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"
		mp_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS $SANITIZE_CFLAGS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [],
			[AC_MSG_ERROR([$CC cannot link with $SANITIZE_CFLAGS])])
		CFLAGS=$mp_save_CFLAGS])
	AC_SUBST([SANITIZE_CFLAGS])])
