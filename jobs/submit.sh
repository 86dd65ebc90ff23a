#!/usr/bin/env bash
# Submits a program with nodes, tasks and cores picked from what is idle.
#
#     jobs/submit.sh [OPTION...] PROGRAM [-- ARGUMENT...]
#
#     --nodes N             default: the idle nodes of the partition, at most 4
#     --ntasks-per-node N   default: one for each socket
#     --cpus-per-task N     default: the cores of a socket
#     --dry-run             show the command and the script, submit nothing
#     --wait                follow the log and end with the job's status
#     other options         sbatch's, as --option=value
#
# The log is PROGRAM-JOB.out in this folder. Exit status: 2 usage, 3 no nodes or refused by SLURM.
set -euo pipefail
root=$(cd "${0%/*}/.." && pwd)
# shellcheck source=jobs/site.example.sh
[ ! -e "$root/jobs/site.sh" ] || . "$root/jobs/site.sh"

usage() {
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
die() {
    echo "submit.sh: $*" >&2
    exit 3
}

nodes='' tasks='' cores='' dry='' follow='' program='' options=() partition=${SBATCH_PARTITION-}
while [ $# -gt 0 ]; do
    # --nodes=3 is --nodes 3
    [[ $1 =~ ^(--nodes|--ntasks-per-node|--cpus-per-task)=(.*)$ ]] && set -- "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${@:2}"
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
sinfo -h >/dev/null 2>&1 || die "there is no SLURM here that answers; jobs/local.sh runs programs without it"

# What is idle: nodes, sockets and cores of each; the row with the most nodes counts. A partition's default has a *.
find_idle() {
    sinfo -h -t idle ${partition:+--partition="$partition"} -o '%D %X %Y %P' | sort -rn |
        awk -v any="$partition" 'any != "" || $4 ~ /\*$/ { print $1, $2, $3; exit }'
}
if [ -z "$nodes" ] || [ -z "$tasks" ] || [ -z "$cores" ]; then
    read -r idle sockets per_socket < <(find_idle) || true
    [ -n "${idle-}" ] || die "no node is idle in ${partition:-the default partition}: say --nodes, --ntasks-per-node and --cpus-per-task to wait for some"
    nodes=${nodes:-$((idle < 4 ? idle : 4))}
    tasks=${tasks:-$sockets}
    cores=${cores:-$per_socket}
fi

script=$root/jobs/program.sbatch
command=(sbatch --parsable --job-name="${program##*/}" --nodes="$nodes" --ntasks-per-node="$tasks" --cpus-per-task="$cores"
    "${options[@]}" "$script" "$program" "$@")
printf '+ '
printf '%q ' "TRIREME_ROOT=$root" "${command[@]}"
echo
if [ -n "$dry" ]; then
    cat "$script"
    exit 0
fi
export TRIREME_ROOT=$root
if [ -z "$follow" ]; then
    job=$("${command[@]}") || die "SLURM refused it"
    echo "job ${job%%;*}: log in ${program##*/}-${job%%;*}.out"
    exit 0
fi

# sbatch --wait ends with the job's status, after all its restarts; it names the job at once.
exec {named}< <(exec stdbuf -oL sbatch --wait "${command[@]:1}")
waiter=$!
read -r job <&"$named" || die "SLURM refused it"
echo "job ${job%%;*}"
tail -n +1 -F --pid=$waiter "${program##*/}-${job%%;*}.out" 2>/dev/null || true
wait $waiter
