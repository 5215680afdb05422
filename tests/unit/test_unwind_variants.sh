#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds unwind_adversary.cc with each compiler, optimisation and use of frame
# pointers, and runs it: no walk may differ from a full one or from the
# compiler's own unwinder.
#
# `make check-slow` runs some more, for longer (test_unwind_variants_slow.py).
#
# Usage: [VARIANTS=slow|all] [ROUNDS=N] [SEED=N] test_unwind_variants.sh
: "${top_srcdir:=.}" "${top_builddir:=.}" "${CXX:=g++}"
: "${VARIANTS:=usual}" "${ROUNDS:=400}" "${SEED:=88172645}"

work=$(mktemp -d "${TMPDIR:-/tmp}/memprof-unwind-XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
ran=0 failed=0

# build COMPILER FLAGS...
build()
{
	"$@" -g -pthread -I"$top_srcdir" \
		"$top_srcdir/tests/unit/unwind_adversary.cc" \
		"$top_builddir/librecorder.a" -ldl -o "$work/program" \
		>"$work/log" 2>&1 && return
	echo "not built: $*"
	sed 's/^/  /' "$work/log"
	failed=$((failed + 1))
	return 1
}

# run NAME [METHOD]
run()
{
	ran=$((ran + 1))
	if "$work/program" "$ROUNDS" "$SEED" ${2:+"$2"} >"$work/log" 2>&1; then
		echo "ok: $*: $(grep '^main' "$work/log")"
		return
	fi
	echo "FAILED: $*"
	sed 's/^/  /' "$work/log"
	failed=$((failed + 1))
}

works()
{
	echo 'int main() { return 0; }' >"$work/empty.cc"
	"$@" "$work/empty.cc" -o "$work/empty" >/dev/null 2>&1
}

# $CXX may hold options: it is split where it is used as a command.
for compiler in "$CXX" ${CLANG:+"$CLANG++"}; do
	# shellcheck disable=SC2086
	works $compiler || continue
	for flags in '-O0 -fomit-frame-pointer' '-O2 -fomit-frame-pointer' \
		'-O2 -fno-omit-frame-pointer' 'slow -O3 -fomit-frame-pointer' \
		'all -O0 -fno-omit-frame-pointer' \
		'all -O3 -fno-omit-frame-pointer' 'all -Os' \
		'all -O2 -no-pie -fno-pie' 'all -O2 -flto'; do
		case $VARIANTS:$flags in
		all:* | slow:slow\ *) ;;
		slow:* | usual:slow\ * | usual:all\ *) continue ;;
		esac
		flags=${flags#slow }
		flags=${flags#all }
		# shellcheck disable=SC2086
		build $compiler $flags || continue
		run "$compiler $flags"
		case $flags in
		-O2*) run "$compiler $flags" fp ;;
		esac
	done
done

if [ $ran -eq 0 ] && [ $failed -eq 0 ]; then
	echo "no C++ compiler works here"
	exit 77
fi
echo "$ran runs, $failed failed"
[ $failed -eq 0 ]
