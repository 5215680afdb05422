# SPDX-License-Identifier: MIT
# MP_OPTION_LIB(NAME, WHAT, PREFIX, PKG-CONFIG SPEC, DEBIAN PACKAGE)
# --with-NAME=yes/no/check. "yes" that cannot be met fails; "check" (the
# default) goes on without. Sets have_NAME, PREFIX_CFLAGS and PREFIX_LIBS.
AC_DEFUN([MP_OPTION_LIB], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=yes|no|check], [$2 @<:@check@:>@])],
		[], [with_$1=check])
	AS_CASE([$with_$1], [yes|no|check], [],
		[AC_MSG_ERROR([--with-$1 takes yes, no or check, not '$with_$1'])])
	have_$1=no
	AS_IF([test "x$with_$1" != xno], [
		PKG_CHECK_MODULES([$3], [$4], [have_$1=yes], [
			AS_IF([test "x$with_$1" = xyes],
				[AC_MSG_ERROR([--with-$1=yes, but pkg-config does not find $4: install $5])])])])
	AS_IF([test "x$have_$1" = xyes],
		[AC_DEFINE([HAVE_]AS_TR_CPP([$1]), [1], [Define to 1 for: $2.])])])
