#!/usr/bin/env bash
# Submits a program on idle nodes and picks nodes, tasks and cores.
#
#     jobs/submit.sh [OPTION...] PROGRAM [-- ARGUMENT...]
#
#     --nodes N             default: the idle nodes of the partition, at most 4
#     --ntasks-per-node N   default: one per socket
#     --cpus-per-task N     default: the cores of a socket
#     --dry-run             show the command and the script without submitting
#     --wait                show why the job waits, follow its log, end with its status
#     other options         of sbatch, as --option=value
#
# The log is PROGRAM-JOB.out in this folder. Exit status: 2 usage, 3 no nodes, too few of them, or SLURM
# refuses the job.
set -euo pipefail
root=$(cd "${0%/*}/.." && pwd)
# shellcheck source=jobs/site.example.sh
[ ! -e "$root/jobs/site.sh" ] || . "$root/jobs/site.sh"
# shellcheck source=jobs/apps.sh
. "$root/jobs/apps.sh"

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
die() {
    echo "submit.sh: $*" >&2
    exit 3
}

nodes='' tasks='' cores='' dry='' follow='' program='' options=() partition=${SBATCH_PARTITION-}
while [ $# -gt 0 ]; do
    # --nodes=3 is --nodes 3
    [[ $1 =~ ^(--nodes|--ntasks-per-node|--cpus-per-task)=(.*)$ ]] &&
        set -- "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${@:2}"
    case $1 in
    --nodes | --ntasks-per-node | --cpus-per-task)
        [[ ${2-} =~ ^[1-9][0-9]*$ ]] || usage
        case $1 in
        --nodes) nodes=$2 ;;
        --ntasks-per-node) tasks=$2 ;;
        *) cores=$2 ;;
        esac
        shift
        ;;
    --dry-run) dry=yes ;;
    --wait) follow=yes ;;
    --partition=*) partition=${1#*=} options+=("$1") ;;
    --help) usage ;;
    --)
        shift
        break
        ;;
    -*) options+=("$1") ;;
    *)
        [ -z "$program" ] || usage
        program=$1
        ;;
    esac
    shift
done
[ -n "$program" ] || usage
# As jobs/job.sh finds it.
file=$program
[[ $program == */* ]] || file=$apps/$program
if [ ! -f "$file" ] || [ ! -x "$file" ]; then
    echo "submit.sh: no program '$file'; jobs/local.sh builds the programs," \
        "TRIREME_APPS names another folder" >&2
    exit 2
fi
[ -n "$dry" ] || [ -w . ] || die "the log cannot be written to $PWD: submit in a folder that is yours"
sinfo -h >/dev/null 2>&1 || die "SLURM does not answer; jobs/local.sh runs programs without it"

# Idle nodes, their sockets and cores: the row with the most nodes. The default partition is marked with *.
find_idle() {
    sinfo -h -t idle ${partition:+--partition="$partition"} -o '%D %X %Y %P' | sort -rn |
        awk -v any="$partition" 'any != "" || $4 ~ /\*$/ { print $1, $2, $3; exit }'
}
if [ -z "$nodes" ] || [ -z "$tasks" ] || [ -z "$cores" ]; then
    read -r idle sockets per_socket < <(find_idle) || true
    [ -n "${idle-}" ] || die "no node is idle in ${partition:-the default partition};" \
        "to wait for nodes use --nodes, --ntasks-per-node and --cpus-per-task"
    nodes=${nodes:-$((idle < 4 ? idle : 4))}
    tasks=${tasks:-$sockets}
    cores=${cores:-$per_socket}
fi

# SLURM accepts a job that is larger than the partition, and keeps it waiting.
read -r most most_cores < <(sinfo -h -N ${partition:+--partition="$partition"} -o '%c %P' |
    awk -v any="$partition" 'any != "" || $2 ~ /\*$/ { n++; if ($1 + 0 > most) most = $1 + 0 }
        END { print n + 0, most + 0 }')
if [ "$most" -gt 0 ]; then
    where=${partition:-the default partition}
    [ "$nodes" -le "$most" ] || die "--nodes $nodes: $where has $most nodes"
    [ $((tasks * cores)) -le "$most_cores" ] ||
        die "$tasks tasks of $cores cores on a node: a node of $where has $most_cores"
fi

script=$root/jobs/program.sbatch
command=(sbatch --parsable --job-name="${program##*/}" --nodes="$nodes" --ntasks-per-node="$tasks"
    --cpus-per-task="$cores" "${options[@]}" "$script" "$program" "$@")
printf '+ '
printf '%q ' "TRIREME_ROOT=$root" "${command[@]}"
echo
if [ -n "$dry" ]; then
    cat "$script"
    exit 0
fi
export TRIREME_ROOT=$root
if [ -z "$follow" ]; then
    job=$("${command[@]}") || die "SLURM refused the job"
    echo "job ${job%%;*}: log in ${program##*/}-${job%%;*}.out"
    exit 0
fi

# sbatch --wait names the job at once and ends with its status, after all restarts.
exec {named}< <(exec stdbuf -oL sbatch --wait "${command[@]:1}")
waiter=$!
read -r job <&"$named" || die "SLURM refused the job"
job=${job%%;*}
log=${program##*/}-$job.out
echo "job $job"
never() {
    scancel "$job"
    die "job $job can never run: $reason"
}
shown=None
while kill -0 "$waiter" 2>/dev/null && [ ! -e "$log" ]; do
    read -r state reason < <(squeue -h -j "$job" -o '%T %r' 2>/dev/null) || true
    [ "${state-}" = PENDING ] || break
    case $reason in
    PartitionConfig) [ "$reason" != "$shown" ] || never ;; # once: SLURM has not looked yet
    "$shown") ;;
    *Limit | *Limit\ * | Bad* | Invalid* | *NeverSatisfied | launch_failed_requeued_held) never ;;
    *) echo "job $job waits: $reason" ;;
    esac
    shown=$reason
    sleep 1
done
tail -n +1 -F --pid=$waiter "$log" 2>/dev/null || true
wait $waiter
