#!/bin/sh
# stepper.sh [--checkpoint FILE] [--resume]: a stand-in for a program that runs in steps. Rank 0 records each
# start in FILE. It runs until SIGUSR1, which ends it with 75. With --resume it ends at once.
[ "${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-0}}" -ne 0 ] || echo "start $*" >>"$2"
[ "${3-}" != --resume ] || exit 0
trap 'exit 75' USR1
while :; do
    sleep 0.1
done
