#!/usr/bin/env bash
# install.sh WHAT BUILD CC CXX MPICC MPIEXEC [CFLAG...]: installs the build into a folder and moves that
# folder. WHAT consumer: builds a user's program against it in C and C++ (CXX "none": C alone), by CMake and
# by pkg-config, with the shared and with the static library. The components are compared with the whole.
# WHAT examples: see examples.sh.
set -euo pipefail
what=$1 build=$2 cc=$3 cxx=$4 mpicc=$5 mpiexec=$6
flags=("${@:7}")
here=$(cd "$(dirname "$0")" && pwd)
work=$build/tests/install/$what
rm -rf "$work"
mkdir -p "$work"

# check PROGRAM: starts two ranks and compares what they print.
check() {
    "$here/../../jobs/run.sh" "$mpiexec" 2 "$1" | sort >"$work/seen"
    [ "$(cut -d, -f1 "$work/seen")" = $'rank 0 of 2\nrank 1 of 2' ] ||
        { echo "$1 printed:" && cat "$work/seen" && exit 1; }
    echo "$1: 2 ranks"
}

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$build/CMakeCache.txt")
if [ "$what" = examples ]; then
    mv "$work/first" "$work/prefix"
    # shellcheck source=tests/install/examples.sh
    . "$here/examples.sh"
    exit
fi
for component in runtime development documentation; do
    cmake --install "$build" --prefix "$work/parts" --component "$component" >>"$work/install.log"
done
diff <(cd "$work/first" && find . | sort) <(cd "$work/parts" && find . | sort)
rm -r "$work/parts"
# Each installed file belongs to one Debian package, but those that packaging/debian/rules removes.
while read -r file; do
    case $file in share/doc/trireme/LICENSE | share/modulefiles/*) continue ;; esac
    file=usr/$(sed -E 's,^lib(64)?/(.*-linux-gnu/)?,lib/arch/,' <<<"$file")
    of=
    for list in "$here"/../../packaging/debian/*.install; do
        while read -r pattern; do
            # shellcheck disable=SC2254 # a pattern
            case $file in $pattern | $pattern/*) of+=" ${list##*/}" ;; esac
        done <"$list"
    done
    [ "$(wc -w <<<"$of")" = 1 ] || { echo "packages of $file:${of:- none}" && exit 1; }
done < <(cd "$work/first" && find . -not -type d | sed 's,^\./,,')

# What is uninstalled is gone, but not a file of somebody else.
cmake --install "$build" --prefix "$work/gone" >>"$work/install.log"
touch "$work/gone/share/trireme/mine"
cmake -DBUILD="$build" -P "$here/../../cmake/uninstall.cmake" >>"$work/install.log" 2>&1
[ "$(cd "$work/gone" && find . -not -type d)" = ./share/trireme/mine ]
[ "$(cd "$work/gone" && find . -type d -name trireme)" = ./share/trireme ]
mv "$work/first" "$work/prefix"
! grep -rIl "$build" "$work/prefix" || { echo "the files above name the build folder"; exit 1; }

if [ -e "$build/apps/reduce" ]; then
    [ "$(ls "$work/prefix/bin")" = trireme ]
    "$work/prefix/bin/trireme" reduce --version >/dev/null
    "$work/prefix/bin/trireme" help | grep '^  reduce  *computes' >/dev/null
    grep -q '^trireme-reduce .- computes' "$work/prefix/share/man/man1/trireme-reduce.1"
    grep -q 'bench heat' "$work/prefix/share/man/man1/trireme-bench-heat.1"
    grep -q 'trireme.-bench.-heat (1)' "$work/prefix/share/man/man1/trireme-bench.1"
    grep -q '^trireme .- runs' "$work/prefix/share/man/man1/trireme.1"
    grep -q '^trireme .- environment' "$work/prefix/share/man/man7/trireme.7"
    [ "$(ls "$work/prefix/share/bash-completion/completions")" = trireme ]
    bash -c 'source "$0" && complete -p trireme >/dev/null' \
        "$work/prefix/share/bash-completion/completions/trireme"
    echo "trireme: command, programs, manual pages and completion"
    # Job scripts find the programs and the data of the moved tree; figures are beside the documents.
    share=$work/prefix/share/trireme
    (cd "$work" && unset TRIREME_APPS && . "$share/jobs/env.sh" && root=$share && . "$share/jobs/apps.sh" &&
        "$apps/reduce" --version >/dev/null && [[ $apps == "$share"/* ]])
    grep -q 'Submits a program' <("$share/jobs/submit.sh" --help 2>&1)
    grep -q 'Acceptance of a cluster' <("$share/jobs/accept.sh" --help 2>&1)
    [ -r "$share/jobs/accept.limits" ] && [ -x "$share/jobs/pool.sbatch" ]
    cmp "$here/../../data/elevation.h5" "$share/data/elevation.h5"
    [ -e "$work/prefix/share/doc/trireme/figures/sum.svg" ]
    lua=$(find "$work/prefix/share/modulefiles/trireme" -name '*.lua')
    grep -q 'prepend_path("PATH", prefix .. "/bin")' "$lua"
    [ "$(cd "${lua%/*}/$(sed -n 's/.*here .. "\/\(.*\)"/\1/p' "$lua")" && pwd)" = "$work/prefix" ]
    echo "trireme: job scripts, data, figures and module file"
fi

# by_cmake LANGUAGE OPTION...
by_cmake() {
    local folder=$work/cmake-$1
    cmake -S "$here/consumer" -B "$folder" -G "$generator" -DLANGUAGE="$1" \
        -DCMAKE_PREFIX_PATH="$work/prefix" \
        -DCMAKE_C_COMPILER="$cc" -DMPI_C_COMPILER="$mpicc" -DMPIEXEC_EXECUTABLE="$mpiexec" "${@:2}" \
        >"$folder.log"
    cmake --build "$folder" >>"$folder.log"
    check "$folder/consumer_shared"
    check "$folder/consumer_static"
}
by_cmake C -DCMAKE_C_FLAGS="${flags[*]}"
[ "$cxx" = none ] || by_cmake CXX -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CXX_FLAGS="${flags[*]}"

# By pkg-config. It lacks the flags of an MPI library that has no pkg-config file: the library's mpicc adds
# those.
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name trireme.pc)")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir trireme)
strict=(-Wall -Wextra -Werror -pedantic "${flags[@]}")
# by_pkg_config NAME COMPILE...: the shared library by COMPILE
by_pkg_config() {
    local name=$1 flags
    shift
    read -ra flags < <(pkg-config --cflags --libs trireme)
    "$@" "${strict[@]}" "$here/consumer/consumer.c" -o "$work/$name" "${flags[@]}" "-Wl,-rpath,$libdir"
    check "$work/$name"
}
compile=("$cc")
if [ -z "$(pkg-config --print-requires trireme)" ]; then
    compile=("$mpicc")
fi
by_pkg_config c99 "${compile[@]}" -std=c99
by_pkg_config c11 "${compile[@]}" -std=c11
if [ "$cxx" != none ] && [ "${compile[0]}" = "$cc" ]; then
    by_pkg_config c++17 "$cxx" -x c++ -std=c++17
fi
read -ra static < <(pkg-config --cflags --libs --static trireme)
# boost finds the preload of the installation.
if [ -x "$work/prefix/bin/trireme" ] && [ -e "$libdir/libtrireme-preload.so" ]; then
    "$work/prefix/bin/trireme" boost env | grep -qx "LD_PRELOAD=$(realpath "$libdir")/libtrireme-preload.so"
fi
rm "$libdir"/libtrireme.so*
"${compile[@]}" "${strict[@]}" -std=c11 "$here/consumer/consumer.c" -o "$work/static" "${static[@]}"
check "$work/static"
