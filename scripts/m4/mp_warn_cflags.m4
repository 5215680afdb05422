# SPDX-License-Identifier: MIT
# MP_WARN_CFLAGS: adds to WARN_CFLAGS each warning that the compiler knows.
# They never become errors by themselves: --enable-dev adds -Werror.
AC_DEFUN([MP_WARN_FLAG], [
	AS_VAR_PUSHDEF([cachevar], [mp_cv_flag_$1])
	AC_CACHE_CHECK([whether $CC accepts $1], [cachevar], [
		mp_save_CFLAGS=$CFLAGS
		CFLAGS="-Werror $1"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AS_VAR_SET([cachevar], [yes])],
			[AS_VAR_SET([cachevar], [no])])
		CFLAGS=$mp_save_CFLAGS])
	AS_VAR_IF([cachevar], [yes], [WARN_CFLAGS="$WARN_CFLAGS $1"])
	AS_VAR_POPDEF([cachevar])])

AC_DEFUN([MP_WARN_CFLAGS], [
	WARN_CFLAGS=
	m4_foreach_w([flag], [
		-Wall
		-Wextra
		-Wshadow
		-Wstrict-prototypes
		-Wmissing-prototypes
		-Wold-style-definition
		-Wundef
		-Wvla
		-Wformat=2
		-Wimplicit-fallthrough=5
		-Wwrite-strings
		-Wdate-time
		-Wlogical-op
		-Wpointer-arith
		-Wcast-qual
	], [MP_WARN_FLAG(flag)])
	AS_IF([test "x$enable_dev" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
	AC_SUBST([WARN_CFLAGS])])
