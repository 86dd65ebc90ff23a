#!/usr/bin/env bash
# pool.sh APPS: a farm of commands on a SLURM cluster of three nodes: a node crashes, a worker is killed, the
# job is warned and requeued. The journal says at the end that all is done, and it is.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
# shellcheck source=tests/jobs/queue.sh
. "$here/queue.sh"
raise_cluster "$1"

# farm NAME NUMBER [OPTION...]: submits a farm of NUMBER commands on three nodes.
farm() {
    local name=$1 i
    mkdir -m 777 "$name"
    for ((i = 1; i <= $2; i++)); do echo "sleep 0.2; echo x >>$name/$i"; done >"$name.tasks"
    submit --nodes=3 --ntasks-per-node=1 --job-name="$name" --output="$name.out" "${@:3}" \
        "$jobs/pool.sbatch" "$name.tasks" --slots 2 --journal "$name.j"
}
# all_done NAME NUMBER: each command has run.
all_done() {
    check_is "$1: commands done" "$2" "$(find "$1" -type f | wc -l)"
    check_is "$1: the journal" "$2" "$("$TRIREME_APPS/pool" --show "$1.j" | awk '$1 == "done" { print $2 }')"
}

job=$(farm crash 150)
check "crash: it begins" begun "$job" crash/20
c crash n3
check_is "crash: the job ends well" "COMPLETED 0:0 0" "$(ended "$job" 120)"
check "crash: the manager noticed" grep -q 'worker .* on n3 is lost' crash.out
all_done crash 150
c boot n3

# A worker is killed on its node; srun's status does not matter.
job=$(farm killed 60)
check "killed: it begins" begun "$job" killed/10
# shellcheck disable=SC2016 # expands on the node
c run --root --on n2 sh -c 'for p in /proc/[0-9]*; do
    [ "$(readlink $p/exe)" != "'"$TRIREME_APPS"'/pool" ] || kill -KILL ${p#/proc/}; done'
check_is "killed: the job ends well" "COMPLETED 0:0 0" "$(ended "$job" 120)"
check "killed: the manager noticed" grep -q 'worker .* on n2 is lost' killed.out
all_done killed 60

# The warning before the time limit: status 75, a requeue, and the rest.
job=$(farm warned 60)
check "warned: it begins" begun "$job" warned/10
c scancel --batch --signal=USR1 "$job"
check_is "warned: the job ends after a restart" "COMPLETED 0:0 1" "$(ended "$job" 120)"
check_is "warned: its statuses" "75 0" "$(sed -n 's/^# status \([0-9]*\):.*/\1/p' warned.out | xargs)"
all_done warned 60
check_is "warned: nothing ran twice" "" "$(find warned -type f -size +2c)"

# mpirun ends, although a rank on another node is lost.
job=$(MPI_LAUNCH="mpirun --enable-recovery" submit --nodes=3 --ntasks-per-node=1 --job-name=mpirun \
    --output=mpirun.out "$jobs/program.sbatch" pool --sweep 'sleep 0.2; echo {i} >>mpirun.begun' i=1:60 \
    --journal mpirun.j)
check "mpirun: it begins" begun "$job" mpirun.begun
# shellcheck disable=SC2016 # expands on the node
c run --root --on n3 sh -c 'for p in /proc/[0-9]*; do
    [ "$(readlink $p/exe)" != "'"$TRIREME_APPS"'/pool" ] || kill -KILL ${p#/proc/}; done'
check "mpirun: it ends" test "$(ended "$job" 120)" != hangs
check_is "mpirun: the journal" 60 "$("$TRIREME_APPS/pool" --show mpirun.j | awk '$1 == "done" { print $2 }')"
finish
