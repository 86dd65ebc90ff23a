# shellcheck shell=bash
# What the job scripts have in common; each of them sources it and ends with `run_program PROGRAM [ARGUMENT...]`.
#
# Of the site (jobs/site.sh, made from jobs/site.example.sh): MPI_LAUNCH, MAX_RESTARTS, modules.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/site.example.sh
[ ! -e "$root/jobs/site.sh" ] || . "$root/jobs/site.sh"
# shellcheck source=jobs/env.sh
. "$root/jobs/env.sh"

# srun does not take over what sbatch was told since SLURM 22.05.
[ -z "${SLURM_CPUS_PER_TASK-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK

# launch COMMAND...: on all tasks of the job, ends with its status. SLURM's warning before the time limit (SIGUSR1, sent
# to this script) and SIGTERM become SIGUSR1 for a program that writes checkpoints: it writes one and ends with 75. They
# go through the launcher, for mpirun kills the ranks soon after a SIGTERM of its own. A program that writes none would
# only die of it, so it is left to run.
launch() {
    local launcher status forward=no
    read -ra launcher <<<"${MPI_LAUNCH:-mpirun}"
    # Where one rank was killed, srun alone would wait for the others for ever. (--kill-on-bad-exit would be quicker, but
    # it also kills ranks that are about to end with a status of their own, and the job would show that of the kill.)
    export SLURM_WAIT=${SLURM_WAIT:-30}
    [[ " $* " != *" --checkpoint"* ]] || forward=yes
    echo "+ cd $PWD && $(printf '%q ' "${launcher[@]}" "$@")"
    "${launcher[@]}" "$@" &
    local pid=$!
    # shellcheck disable=SC2064 # this pid, now
    trap "echo 'signal: time to stop'; [ $forward = no ] || kill -USR1 $pid" USR1 TERM
    # wait ends early, with a status above 128, at each signal to this shell.
    while :; do
        wait $pid && status=0 || status=$?
        kill -0 $pid 2>/dev/null || break
    done
    trap - USR1 TERM
    return "$status"
}

# run_program PROGRAM ARGUMENT...: launches PROGRAM of TRIREME_APPS (build/apps), or PROGRAM as it stands where it has a slash, and ends the
# job with its status. After a checkpoint (75), a killed rank (137) and a lost node (205, of mpirun) the job goes back to
# the queue, at most MAX_RESTARTS times, and resumes from the checkpoint.
run_program() {
    local program=$1 status=0 restarts=${SLURM_RESTART_COUNT:-0}
    shift
    [[ $program == */* ]] || program=${TRIREME_APPS:-$root/build/apps}/$program
    echo "# job ${SLURM_JOB_ID} on ${SLURM_JOB_NODELIST}, tasks ${SLURM_TASKS_PER_NODE}, start $((restarts + 1)): $(date -u +%FT%TZ)"
    if [ "$restarts" -gt 0 ] && [[ " $* " == *" --checkpoint"* && " $* " != *" --resume"* ]]; then
        set -- "$@" --resume
    fi
    launch "$program" "$@" || status=$?
    echo "# status $status: $(date -u +%FT%TZ)"
    case $status in
    75 | 137 | 205)
        if [ "$restarts" -lt "${MAX_RESTARTS:-3}" ]; then
            echo "# back to the queue, restart $((restarts + 1)) of at most ${MAX_RESTARTS:-3}"
            # It ends this script; the job does not complete before that.
            scontrol requeue "$SLURM_JOB_ID" && sleep 60
        fi
        ;;
    esac
    exit "$status"
}
