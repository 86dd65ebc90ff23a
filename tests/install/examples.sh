# shellcheck shell=bash disable=SC2154
# Sourced by install.sh: builds and runs all examples as a user of the installation does. Each checks itself.
# HDF5, LIBEVENT (0 or 1): whether the build has it. PYTHON: an interpreter with NumPy, or "none".
examples=$(dirname "$(find "$work/prefix" -path '*/examples/CMakeLists.txt')")
strict="-Wall -Wextra -Wpedantic -Werror ${flags[*]}"
languages=()
[ "$cxx" = none ] || languages=(-DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_CXX_FLAGS="$strict")
cmake -S "$examples" -B "$work/build" -G "$generator" -DCMAKE_PREFIX_PATH="$work/prefix" \
    -DCMAKE_C_COMPILER="$cc" -DMPI_C_COMPILER="$mpicc" -DMPIEXEC_EXECUTABLE="$mpiexec" \
    -DCMAKE_C_FLAGS="$strict" "${languages[@]}" >"$work/build.log"
cmake --build "$work/build" >>"$work/build.log" || { cat "$work/build.log"; exit 1; }

# run RANKS STATUS PATTERN EXAMPLE [ARGUMENT...]: a line of its output, or of its errors, has the pattern.
run() {
    local ranks=$1 wanted=$2 pattern=$3 status=0
    shift 3
    "$here/../../jobs/run.sh" "$mpiexec" "$ranks" "$work/build/$1" "${@:2}" >"$work/seen" 2>&1 || status=$?
    if [ "$status" != "$wanted" ] || ! grep -q -- "$pattern" "$work/seen"; then
        echo "$*: status $status instead of $wanted, or no line with '$pattern':"
        cat "$work/seen"
        exit 1
    fi
    echo "$*, $ranks ranks: status $status"
}
cd "$work" || exit
run 2 0 'max 2, sum 3' allreduce
run 2 0 '8 blocks' overlap
run 2 0 '20 steps' halo
run 4 0 'dines with' philosophers order
if [ "$LIBEVENT" = 1 ]; then
    run 3 0 'area 0' pool
else
    run 1 3 libevent pool
fi
run 2 0 ': sum 0x\|: sum -0x' device
if [ "$HDF5" = 1 ]; then
    run 2 0 'results/example-.*h5' result results
    run 2 75 'stopped at step 50' checkpoint run.h5 50
    run 1 0 'starts at step 50' checkpoint run.h5
    [ ! -e run.h5 ]
else
    run 2 3 HDF5 result results
    run 2 3 HDF5 checkpoint run.h5 50
fi
[ "$cxx" = none ] || run 2 0 'mean 50000' statistics
# A sanitizer has to be in the process before the library.
if [ "$PYTHON" != none ] && [ ${#flags[@]} = 0 ]; then
    "$PYTHON" "$examples/exact_sum.py" "$(find "$work/prefix" -name libtrireme.so)"
fi
