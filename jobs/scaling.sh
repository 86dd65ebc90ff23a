#!/usr/bin/env bash
# A scaling study: the same work (strong) and proportional work (weak) on 1, 2, 4, ... nodes, one job after
# another, then a report with fitted laws. Without SLURM it runs on 1, 2, 4, ... ranks of this machine,
# immediately.
#
#     jobs/scaling.sh [OPTION...] --size OPTION=SIZE PROGRAM [-- ARGUMENT...]
#
#     --size count=64Mi     the option that sets the work and its value: total (strong) or per unit (weak);
#                           with points=2048x4096 the first number grows
#     --points 1,2,4        numbers of nodes or ranks [powers of two up to the idle nodes or the cores]
#     --repeat N            timed runs at each point [10]
#     --ntasks-per-node N --cpus-per-task N
#                           of each job [those of jobs/program.sbatch]
#     --out FOLDER          results go here [scaling-PROGRAM]
#
# FOLDER/report.txt has the table, FOLDER/scaling.h5 its numbers, FOLDER/scaling.svg the plot. Exit status: 2
# usage, 3 something is missing, else that of the first failed run.
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

size='' points='' repeat=10 out='' program='' tasks='' cores=''
while [ $# -gt 0 ]; do
    case $1 in
    --size | --points | --repeat | --out | --ntasks-per-node | --cpus-per-task)
        [ $# -ge 2 ] || usage
        case $1 in
        --size) size=$2 ;;
        --points) points=${2//,/ } ;;
        --repeat) repeat=$2 ;;
        --out) out=$2 ;;
        --ntasks-per-node) tasks=$2 ;;
        *) cores=$2 ;;
        esac
        shift
        ;;
    --)
        shift
        break
        ;;
    -*) usage ;;
    *)
        [ -z "$program" ] || usage
        program=$1
        ;;
    esac
    shift
done
[[ -n $program && $points =~ ^([1-9][0-9]*( |$))*$ ]] || usage
[[ $size =~ ^([a-z-]+)=([0-9]+)([kMGTPEKiB]*|(x[0-9]+)+)$ ]] || usage
option=--${BASH_REMATCH[1]} number=${BASH_REMATCH[2]} unit=${BASH_REMATCH[3]}
out=${out:-scaling-$program}
mkdir -p "$out"
out=$(cd "$out" && pwd)

slurm=no
! sinfo -h >/dev/null 2>&1 || slurm=yes
if [ -z "$points" ]; then
    if [ $slurm = yes ]; then
        most=$(sinfo -h -t idle ${SBATCH_PARTITION:+--partition="$SBATCH_PARTITION"} -o %D |
            sort -rn | head -n 1)
    else
        most=$(nproc)
    fi
    for ((n = 1; n <= ${most:-0}; n *= 2)); do points+="$n "; done
    [ -n "$points" ] || { echo "scaling.sh: no node is idle: use --points" >&2 && exit 3; }
fi

# The Python that has the modules for the report: the user's, or Debian's.
python=''
for candidate in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$candidate" -c 'import h5py, scipy' 2>/dev/null || python=$candidate
done
if [ -z "$python" ]; then
    echo "scaling.sh: the report needs python3 with h5py and scipy (python3-h5py python3-scipy)" >&2
    exit 3
fi

# arguments SERIES N: the arguments of the program at this point
arguments() {
    local work=$number
    [ "$1" = strong ] || work=$((number * $2))
    printf '%s\n' "$option=$work$unit" "--repeat=$repeat" --warmup=1 --results="$out/$1-$2"
}

previous=''
for series in strong weak; do
    for n in $points; do
        rm -rf "${out:?}/$series-$n"
        mapfile -t words < <(arguments "$series" "$n")
        if [ $slurm = yes ]; then
            # One job after another, so that none disturbs another.
            previous=$(TRIREME_ROOT=$root sbatch --parsable --job-name="$series-$n" \
                --output="$out/%x-%j.out" --nodes="$n" \
                ${tasks:+--ntasks-per-node="$tasks"} ${cores:+--cpus-per-task="$cores"} \
                ${previous:+--dependency=afterany:"$previous"} "$root/jobs/program.sbatch" "$program" \
                "${words[@]}" "$@" | cut -d';' -f1)
            echo "job $previous: $series on $n nodes"
        else
            echo "+ $series on $n ranks"
            "$root/jobs/run.sh" mpirun "$n" "$apps/$program" "${words[@]}" "$@" \
                >"$out/$series-$n.out"
        fi
    done
done
if [ $slurm = yes ]; then
    report=$(sbatch --parsable --job-name=report --nodes=1 --ntasks=1 --output="$out/report.txt" \
        --dependency=afterany:"$previous" \
        --wrap "$(printf '%q ' "$python" "$root/jobs/scaling.py" "$out")" | cut -d';' -f1)
    echo "job $report: the report, in $out/report.txt"
else
    "$python" "$root/jobs/scaling.py" "$out" | tee "$out/report.txt"
fi
