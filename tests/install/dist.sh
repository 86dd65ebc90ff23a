#!/usr/bin/env bash
# dist.sh BUILD CC MPICC LAUNCHER: the archive of the sources has what the commit has, builds where there is
# no git, and its programs name the commit. LAUNCHER: of the compiler, or empty.
set -euo pipefail
build=$1 cc=$2 mpicc=$3 launcher=$4
root=$(cd "${0%/*}/../.." && pwd)
work=$build/tests/install/dist
[ -e "$root/.git" ] || { echo "no repository: skipped" && exit 77; }
commit=$(git -C "$root" rev-parse --short HEAD)
rm -rf "$work"
mkdir -p "$work"
cmake --build "$build" --target dist >"$work/dist.log"
tar -C "$work" -xf "$(ls "$build"/trireme-*.tar.gz)"
sources=$(echo "$work"/trireme-*)
diff <(git -C "$root" ls-tree -r --name-only "$commit" | sort) \
    <(cd "$sources" && find . -type f | sed 's/..//' | sort)
cmake -S "$sources" -B "$work/build" -G Ninja -DCMAKE_DISABLE_FIND_PACKAGE_Git=ON -DTRIREME_TESTS=OFF \
    -DCMAKE_C_COMPILER="$cc" -DMPI_C_COMPILER="$mpicc" ${launcher:+-DCMAKE_C_COMPILER_LAUNCHER="$launcher"} \
    >"$work/configure.log"
cmake --build "$work/build" --target reduce >"$work/build.log"
"$work/build/apps/reduce" --version >"$work/version"
grep "commit $commit" "$work/version"
rm -rf "$work/build"
