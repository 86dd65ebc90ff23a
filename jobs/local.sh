#!/usr/bin/env bash
# Runs a program or the tests on this machine. First installs, configures and builds what is missing.
#
#     jobs/local.sh PROGRAM [ARGUMENT...]     mpirun -np 8 ./apps/PROGRAM ARGUMENT..., in build/
#     jobs/local.sh test [CTEST ARGUMENT...]  all tests except the nightly ones, or those selected
#
# NP=4 jobs/local.sh ... uses another number of ranks. File names in the arguments are relative to build/.
# Exit status: that of the program or of CTest; 2 usage, 3 something is missing and cannot be installed.
set -euo pipefail

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# build TARGET: configures on the first run, and again after packages were installed. On a terminal ninja
# shows each step in place; elsewhere one line says that a long build has begun.
build() {
    local steps quiet=(--quiet)
    if [ ! -e build/build.ninja ]; then
        cmake --fresh --preset release >&2 || exit 3
    elif [ /var/lib/dpkg/status -nt build/build.ninja ]; then
        cmake build >&2 || exit 3
    fi
    steps=$(cmake --build build --target "$1" -- -n 2>/dev/null | grep -c '^\[' || true)
    # A few steps are taken at every build.
    [ "$steps" -lt 10 ] || echo "local.sh: building $1: $steps steps" >&2
    [ ! -t 2 ] || quiet=()
    NINJA_STATUS='local.sh: building %f/%t, %e s: ' \
        cmake --build build --target "$1" -- "${quiet[@]}" >&2 || exit 3
}

if [ $# -eq 0 ] || [[ $1 == -* ]]; then usage; fi
cd "$(dirname "$0")/.."
# shellcheck source=jobs/env.sh
. jobs/env.sh
program=$1
shift

if [ "$program" = test ]; then
    jobs/install.sh needed optional tests
    build all
    [ $# -gt 0 ] || set -- -LE 'full|nightly'
    # Half of a test's time is waiting for starts of mpirun, and a test that has some counts as two.
    export CTEST_PARALLEL_LEVEL="${CTEST_PARALLEL_LEVEL:-$((5 * $(nproc)))}"
    exec ctest --test-dir build --output-on-failure "$@"
fi

jobs/install.sh needed optional
build apps/all
cd build
if [ ! -x "apps/$program" ]; then
    echo "local.sh: no program '$program'; there are:" \
        "$(cd apps && find . -maxdepth 1 -type f -executable -printf '%f ')" >&2
    exit 2
fi
# The launcher of the MPI library of the build, which may not be the first mpirun in PATH.
launcher=$(sed -n 's/^MPIEXEC_EXECUTABLE:FILEPATH=//p' CMakeCache.txt)
[ "$program" != reduce ] || [ $# -gt 0 ] || set -- ../data/elevation.h5:/elevation
echo "+ cd build && mpirun -np ${NP:-8} ./apps/$program $*" >&2
exec ../jobs/launch.sh "$launcher" -np "${NP:-8}" "./apps/$program" "$@"
