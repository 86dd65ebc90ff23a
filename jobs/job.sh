# shellcheck shell=bash
# Common code of the job scripts. Each script sources it and ends with `run_program PROGRAM [ARGUMENT...]`.
#
# The site sets MPI_LAUNCH, MAX_RESTARTS and modules in jobs/site.sh, a copy of jobs/site.example.sh.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/site.example.sh
[ ! -e "$root/jobs/site.sh" ] || . "$root/jobs/site.sh"
# shellcheck source=jobs/env.sh
. "$root/jobs/env.sh"
# shellcheck source=jobs/apps.sh
. "$root/jobs/apps.sh"

# Since SLURM 22.05 srun does not inherit this from sbatch.
[ -z "${SLURM_CPUS_PER_TASK-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK

# launch COMMAND...: runs it on all tasks of the job and returns its status. SLURM's warning before the time
# limit (SIGUSR1 to this script) and SIGTERM are forwarded as SIGUSR1 to a program that writes checkpoints; it
# writes one and ends with 75. The signal goes through the launcher, because mpirun kills the ranks soon after
# a SIGTERM. A program without checkpoints would die of SIGUSR1, so it gets no signal.
launch() {
    local launcher status forward=no
    read -ra launcher <<<"${MPI_LAUNCH:-mpirun}"
    # Without it srun waits forever after one rank was killed. (--kill-on-bad-exit would be faster, but it
    # also kills ranks that are about to end with their own status, and the job would show the status of the
    # kill.)
    export SLURM_WAIT=${SLURM_WAIT:-30}
    [[ " $* " != *" --checkpoint"* ]] || forward=yes
    echo "+ cd $PWD && $(printf '%q ' "${launcher[@]}" "$@")"
    "$root/jobs/launch.sh" "${launcher[@]}" "$@" &
    local pid=$!
    # shellcheck disable=SC2064 # expand now
    trap "echo 'signal: time to stop'; [ $forward = no ] || kill -USR1 $pid" USR1 TERM
    # A signal to this shell ends wait early, with a status above 128.
    while :; do
        wait $pid && status=0 || status=$?
        kill -0 $pid 2>/dev/null || break
    done
    trap - USR1 TERM
    return "$status"
}

# run_program PROGRAM ARGUMENT...: launches PROGRAM from TRIREME_APPS (jobs/apps.sh has the default), or the
# file PROGRAM if the name has a slash, and ends the job with its status. After a checkpoint (75), a killed
# rank (137) or a lost node (205, from mpirun) it requeues the job, at most MAX_RESTARTS times; the job then
# resumes from the checkpoint.
run_program() {
    local program=$1 status=0 restarts=${SLURM_RESTART_COUNT:-0}
    shift
    [[ $program == */* ]] || program=$apps/$program
    echo "# job ${SLURM_JOB_ID} on ${SLURM_JOB_NODELIST}, tasks ${SLURM_TASKS_PER_NODE}," \
        "start $((restarts + 1)): $(date -u +%FT%TZ)"
    if [ "$restarts" -gt 0 ] && [[ " $* " == *" --checkpoint"* && " $* " != *" --resume"* ]]; then
        set -- "$@" --resume
    fi
    launch "$program" "$@" || status=$?
    echo "# status $status: $(date -u +%FT%TZ)"
    case $status in
    75 | 137 | 205)
        if [ "$restarts" -lt "${MAX_RESTARTS:-3}" ]; then
            echo "# requeued: restart $((restarts + 1)) of at most ${MAX_RESTARTS:-3}"
            # requeue ends this script; without the sleep the job might complete first.
            scontrol requeue "$SLURM_JOB_ID" && sleep 60
        fi
        ;;
    esac
    exit "$status"
}
