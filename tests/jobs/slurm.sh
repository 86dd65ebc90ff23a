#!/usr/bin/env bash
# slurm.sh APPS: the job scripts on a SLURM cluster of three nodes with two tasks each.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
# shellcheck source=tests/jobs/queue.sh
. "$here/queue.sh"
raise_cluster "$1"
cp "$jobs/../data/elevation.h5" .
chmod a+r elevation.h5

six=(--nodes=3 --ntasks-per-node=2)
# shellcheck disable=SC2016 # awk's
bytes() { c run --on n1 awk '$1 == "eth0:" { print $10 }' /proc/net/dev; }

# reduce by mpirun and by srun on six ranks of three nodes
before=$(bytes)
by_mpirun=$(submit "${six[@]}" --job-name=mpirun "$jobs/reduce.sbatch" elevation.h5:/elevation --verify)
check_is "reduce by mpirun" "COMPLETED 0:0 0" "$(ended "$by_mpirun")"
check "the ranks met on the network" [ $(($(bytes) - before)) -gt 10000 ]
by_srun=$(MPI_LAUNCH="srun --mpi=pmix" submit "${six[@]}" --job-name=srun "$jobs/reduce.sbatch" \
    elevation.h5:/elevation)
check_is "reduce by srun" "COMPLETED 0:0 0" "$(ended "$by_srun")"
for job in mpirun-"$by_mpirun" srun-"$by_srun"; do
    check_is "$job: the sum, in the same bits" "sum 73617913 0x1.18d47e4p+26" \
        "$(grep '^sum ' "$job.out" | xargs)"
    check "$job: three nodes of two ranks" grep -q '^where .* 6 ranks on 3 nodes' "$job.out"
    file=$(echo results/reduce-*-job"${job#*-}"*.h5)
    check_is "$job: one result file with the number of the job" 1 \
        "$(find results -name "reduce-*-job${job#*-}*.h5" | wc -l)"
    check_is "$job: it names the nodes" "2 n1: 2 n2: 2 n3:" \
        "$(h5dump -a places "$file" | grep -o '"n[0-9]:' | tr -d '"' | sort | uniq -c | xargs)"
done

# doctor reports the idle cores of all nodes.
if [ "$(nproc)" -gt 1 ]; then
    job=$(submit --nodes=3 --ntasks-per-node=1 --job-name=map "$jobs/program.sbatch" /usr/bin/taskset -c 0 \
        "$TRIREME_APPS/doctor")
    check_is "doctor" "COMPLETED 0:0 0" "$(ended "$job")"
    check "it counts the idle cores of all nodes" grep -q \
        "n1 are unused ($((3 * ($(nproc) - 1))) on 3 nodes in total)" map-"$job".out
fi

# The job has the status of the program under both launchers.
usage=$(submit "${six[@]}" --job-name=usage "$jobs/reduce.sbatch" --count -3)
missing=$(MPI_LAUNCH="srun --mpi=pmix" submit --ntasks-per-node=2 --job-name=missing "$jobs/program.sbatch" \
    reduce no.h5)
check_is "a usage error" "FAILED 2:0 0" "$(ended "$usage")"
check_is "a missing file" "FAILED 4:0 0" "$(ended "$missing")"

# An array, and a job that waits for it
printf 'elevation.h5:/%s\n' elevation latitude longitude >inputs
array=$(submit --array=1-3 "$jobs/array.sbatch" inputs reduce)
after=$(submit --dependency=afterok:"$array" --job-name=after "$jobs/reduce.sbatch" elevation.h5:/latitude)
never=$(submit --dependency=afterok:"$usage" --job-name=never "$jobs/reduce.sbatch" elevation.h5:/latitude)
check_is "a job after an array" "COMPLETED 0:0 0" "$(ended "$after")"
check_is "each line of the list" "138632 344 403" \
    "$(cat array-"$array"-[123].out | awk '$1 == "count" { print $2 }' | xargs)"
check_is "a job after a failed one" "CANCELLED 0:0 0" "$(ended "$never")"

# jobs/submit.sh
check "what would be submitted" grep -q -- \
    "--nodes=3 --ntasks-per-node=4 --cpus-per-task=1 --partition=main" \
    <(c run "$jobs/submit.sh" --dry-run --partition=main reduce -- --count 4)
check_is "submit.sh --wait" 0 \
    "$(c run "$jobs/submit.sh" --wait --nodes 2 reduce -- --count 1000 >waited && echo 0 || echo $?)"
check "it shows the log" grep -q '^count *1000' waited
check_is "submit.sh --wait passes the status on" 2 \
    "$(status_of c run "$jobs/submit.sh" --wait --nodes 2 reduce -- --count -3)"
check_is "submit.sh without a program" 2 "$(status_of c run "$jobs/submit.sh")"
check_is "submit.sh where SLURM refuses" 3 \
    "$(status_of c run "$jobs/submit.sh" --nodes 1 --ntasks-per-node 1 --cpus-per-task 1 --partition=none \
    reduce)"
# said STATUS TEXT COMMAND...: it ends with STATUS and says TEXT
said() {
    local out status=0
    out=$(c run "${@:3}" 2>&1) || status=$?
    check_is "${*:3}" "$1" "$status"
    check "${*:3} says '$2': '$out'" grep -q -- "$2" <<<"$out"
}
one=(--ntasks-per-node 1 --cpus-per-task 1)
said 2 "no program '.*/nosuch'" "$jobs/submit.sh" nosuch
said 3 "has 3 nodes" "$jobs/submit.sh" --wait --nodes 9 "${one[@]}" reduce
said 3 "a node of .* has 4" "$jobs/submit.sh" --wait --nodes 1 --ntasks-per-node 1 --cpus-per-task 9 reduce
c run --root scontrol update partition=main MaxTime=10
said 3 "can never run: PartitionTimeLimit" "$jobs/submit.sh" --wait --nodes 1 "${one[@]}" --time=60 reduce
c run --root scontrol update partition=main MaxTime=INFINITE
c sbatch --exclusive --nodes=3 --output=/dev/null --wrap 'until [ -e go ]; do sleep 0.1; done' >/dev/null
(until grep -q waits waiting 2>/dev/null; do sleep 0.1; done; : >go) &
c run "$jobs/submit.sh" --wait --nodes 3 "${one[@]}" reduce -- --count 1000 >waiting
check_is "a job that has to wait" 0 $?
# Resources; or Priority, before the other job has started.
check "it says why" grep -q 'waits: [A-Z(]' waiting
(cd / && said 3 "log" "$jobs/submit.sh" --nodes 1 "${one[@]}" reduce)
check_is "sbatch where the log cannot be written" 3 \
    "$(cd / && status_of c sbatch "$jobs/reduce.sbatch" --count 100)"

# jobs/scaling.sh: the jobs run one after the other, the report last
c run "$jobs/scaling.sh" --points 1,3 --size count=64Ki --repeat 3 --ntasks-per-node 1 reduce -- --threads 1 \
    >study
check_is "a scaling study" "COMPLETED 0:0 0" "$(ended "$(sed -n 's/^job \(.*\): the report.*/\1/p' study)")"
check_is "its table" "strong 1 3 strong 3 3 weak 1 3 weak 3 3" \
    "$(awk '$1 ~ /^(strong|weak)$/ { print $1, $2, $3 }' scaling-reduce/report.txt | xargs)"

# A warning before the time limit: checkpoint, requeue, resume; under both launchers.
for launch in mpirun "srun --mpi=pmix"; do
    job=$(MPI_LAUNCH=$launch submit --nodes=2 --ntasks-per-node=1 "$jobs/program.sbatch" "$here/stepper.sh" \
        --checkpoint "starts.$launch")
    check "$launch: it begins" begun "$job" "starts.$launch"
    c scancel --batch --signal=USR1 "$job"
    check_is "$launch: it ends after one restart" "COMPLETED 0:0 1" "$(ended "$job")"
    check_is "$launch: which resumed" \
        "start --checkpoint starts.$launch start --checkpoint starts.$launch --resume" \
        "$(xargs <"starts.$launch")"
done
job=$(MAX_RESTARTS=0 submit --nodes=1 "$jobs/program.sbatch" /bin/sh -c 'exit 75')
check_is "no more restarts than are allowed" "FAILED 75:0 0" "$(ended "$job")"

# A rank that is killed
job=$(MPI_LAUNCH="srun --mpi=pmix" SLURM_WAIT=2 MAX_RESTARTS=0 submit --nodes=2 --ntasks-per-node=1 \
    "$jobs/program.sbatch" "$here/stepper.sh" --checkpoint starts.kill)
check "it begins" begun "$job" starts.kill
c run --on n2 pkill -KILL -f stepper.sh
check_is "a killed rank ends the job" "FAILED 137:0 0" "$(ended "$job")"

# A node that is lost
job=$(submit --nodes=2 --ntasks-per-node=1 --nodelist=n1,n2 "$jobs/program.sbatch" "$here/stepper.sh" \
    --checkpoint starts.crash)
check "it begins" begun "$job" starts.crash
c crash n2
sleep 1
c boot n2
check_is "a crashed node" "COMPLETED 0:0 1" "$(ended "$job")"

cd / || exit 3
c down
check "nothing is left" [ ! -e "$work/c" ]
# What --while started looks once a second.
for ((i = 0; i < 600; i++)); do pgrep -f "$work/c" >/dev/null && sleep 0.1; done
check_is "no process is left" "" "$(pgrep -f "$work/c" || true)"
finish
