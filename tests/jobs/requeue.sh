#!/usr/bin/env bash
# requeue.sh APPS: a heat job gets SLURM's warning, writes a checkpoint, ends with 75, is requeued and
# resumes, once on as many ranks and once on fewer. The last field has the bits of an undisturbed run.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
# shellcheck source=tests/jobs/queue.sh
. "$here/queue.sh"
raise_cluster "$1"

# So many that the job still runs when the warning comes, also on a busy machine.
steps=3000
last=$(printf %08d "$steps")
heat=("$jobs/program.sbatch" heat --points 1000x800 --initial gauss --steps "$steps" --threads 1)
row() { awk -v key="$1" '$1 == key { print $2 }' "$2"; }

alone=$(submit --nodes=1 --ntasks-per-node=1 --job-name=alone --output=alone.out "${heat[@]}" --out alone)
check_is "heat on one rank, undisturbed" "COMPLETED 0:0 0" "$(ended "$alone")"

# stopped NAME LAUNCHER RANKS: a job on six ranks that is stopped after its first checkpoint and resumed on
# RANKS.
stopped() {
    local name=$1 ranks=$3 job again
    job=$(MPI_LAUNCH=$2 submit --nodes=3 --ntasks-per-node=2 --job-name="$name" --output="$name.out" \
        "${heat[@]}" \
        --out "$name" --checkpoint "$name.h5" --checkpoint-every 100)
    check "$name: it begins" begun "$job" "$name.h5"
    [ "$ranks" -eq 6 ] || c run --root scontrol update nodename=n3 state=drain reason=test
    c scancel --batch --signal=USR1 "$job"
    if [ "$ranks" -ne 6 ]; then
        until [ "$(shown "$job" JobState) $(shown "$job" Restarts)" = "PENDING 1" ]; do sleep 0.2; done
        c scontrol update jobid="$job" NumNodes=$((ranks / 2)) NumTasks="$ranks"
    fi
    check_is "$name: it ends after one restart" "COMPLETED 0:0 1" "$(ended "$job")"
    check_is "$name: its statuses" "75 0" "$(sed -n 's/^# status \([0-9]*\):.*/\1/p' "$name.out" | xargs)"
    check "$name: it began on six ranks" grep -q '^# job .* on n\[1-3\], tasks 2(x3), start 1:' "$name.out"
    check "$name: it ended on $ranks" grep -q "^where  *$ranks ranks on $((ranks / 2)) nodes" "$name.out"
    again=$(row resumed "$name.out")
    check "$name: it went on from step '$again'" [ "${again:-0}" -ge 100 ]
    check_is "$name: the hash of the field" "$(row field alone.out)" "$(row field "$name.out")"
    check "$name: the field" h5diff "alone-$last.h5" "$name-$last.h5" /u
    check "$name: no file is left half-written" [ -z "$(find . -name '*.part')" ]
}
stopped same "srun --mpi=pmix" 6
stopped fewer mpirun 4
finish
