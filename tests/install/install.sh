#!/usr/bin/env bash
# install.sh BUILD CC MPICC MPIEXEC [CFLAG...]: installs the build into a folder of its own, moves that, and builds a
# user's program against it by CMake and by pkg-config, with the shared and with the static library.
set -euo pipefail
build=$1 cc=$2 mpicc=$3 mpiexec=$4
flags=("${@:5}")
here=$(cd "$(dirname "$0")" && pwd)
work=$build/tests/install/work
rm -rf "$work"
mkdir -p "$work"

# check PROGRAM: two ranks, and each has seen both.
check() {
    "$here/../../jobs/run.sh" "$mpiexec" 2 "$1" | sort >"$work/seen"
    [ "$(cut -d, -f1 "$work/seen")" = $'rank 0 of 2\nrank 1 of 2' ] || { echo "$1 printed:" && cat "$work/seen" && exit 1; }
    echo "$1: 2 ranks"
}

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/prefix"
! grep -rIl "$build" "$work/prefix" || { echo "the files above name the build folder"; exit 1; }

if [ -e "$build/apps/reduce" ]; then
    "$work/prefix/libexec/trireme/reduce" --version >/dev/null
    grep -q '^\.TH' "$work/prefix/share/man/man1/trireme-reduce.1"
    grep -q 'bench heat' "$work/prefix/share/man/man1/trireme-bench-heat.1"
    bash -c 'source "$0" && complete -p reduce >/dev/null' "$work/prefix/share/bash-completion/completions/reduce"
    echo "reduce: program, manual page and completion"
fi

generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")
cmake -S "$here/consumer" -B "$work/cmake" -G "$generator" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$cc" \
    -DMPI_C_COMPILER="$mpicc" -DMPIEXEC_EXECUTABLE="$mpiexec" -DCMAKE_C_FLAGS="${flags[*]}" >"$work/cmake.log"
cmake --build "$work/cmake" >>"$work/cmake.log"
check "$work/cmake/consumer_shared"
check "$work/cmake/consumer_static"

PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name trireme.pc)")
export PKG_CONFIG_PATH
read -ra shared < <(pkg-config --cflags --libs trireme)
read -ra static < <(pkg-config --cflags --libs --static trireme)
libdir=$(pkg-config --variable=libdir trireme)
"$cc" "${flags[@]}" "$here/consumer/consumer.c" -o "$work/shared" "${shared[@]}" "-Wl,-rpath,$libdir"
check "$work/shared"
rm "$libdir"/libtrireme.so*
"$cc" "${flags[@]}" "$here/consumer/consumer.c" -o "$work/static" "${static[@]}"
check "$work/static"
