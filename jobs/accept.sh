#!/usr/bin/env bash
# Acceptance of a cluster or a laptop: doctor, network, collectives, each core and node, files, device,
# checkpoints, and the same bits on any number of ranks. What noise could disturb runs in three sweeps and
# fails only if all of them fail.
#
#     jobs/accept.sh [OPTION...]         with mpirun on this machine, or inside a SLURM job on all its tasks
#     sbatch -N 4 --ntasks-per-node=8 --wrap 'jobs/accept.sh'
#
#     --out FOLDER          results go here [accept-DATE]; it must not exist
#     --ranks N             ranks [tasks of the job, or cores of this machine]
#     --store FOLDER        the file system to measure [the folder of --out]
#     --limits FILE         limits of the site [accept.limits beside this script]
#     --compare OLD.h5      what is slower than in an earlier acceptance, beyond the noise of both, also fails
#     --sweeps N            [3]
#
# FOLDER/accept-....h5 has the verdicts and all numbers, FOLDER/report.html shows them with plots, FOLDER/log
# the output of all runs. Exit status: 0 accepted, 1 not accepted (the last line names what failed), 2 usage,
# 3 or 4 an error in between. jobs/site.sh may set MPI_LAUNCH, as for the other job scripts.
# shellcheck disable=SC2317 # functions are called by step
set -uo pipefail
root=$(cd "${0%/*}/.." && pwd)
# shellcheck source=jobs/site.example.sh
[ ! -e "$root/jobs/site.sh" ] || . "$root/jobs/site.sh"
# shellcheck source=jobs/env.sh
. "$root/jobs/env.sh"

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
out=accept-$(date -u +%Y%m%dT%H%M%SZ) ranks=${SLURM_NTASKS:-$(nproc)} store='' sweeps=3 compare=''
limits=$root/jobs/accept.limits
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --out) out=$2 ;;
    --ranks) ranks=$2 ;;
    --store) store=$(realpath -m "$2") ;;
    --limits) limits=$(realpath -m "$2") ;;
    --compare) compare=$(realpath -m "$2") ;;
    --sweeps) sweeps=$2 ;;
    *) usage ;;
    esac
    shift 2
done
[[ $ranks =~ ^[1-9][0-9]*$ && $sweeps =~ ^[1-9][0-9]*$ ]] || usage
for file in "$limits" ${compare:+"$compare"}; do
    [ -r "$file" ] || { echo "accept.sh: cannot read '$file'" >&2 && exit 4; }
done
# shellcheck source=jobs/apps.sh
. "$root/jobs/apps.sh"
if [ ! -x "$apps/accept" ]; then
    echo "accept.sh: no programs in '$apps': build them, or set TRIREME_APPS" >&2
    exit 3
fi
apps=$(cd "$apps" && pwd)
mkdir "$out" || exit 4
cd "$out" || exit 4
out=$PWD
mkdir results
store=${store:-$out}
read -ra launcher <<<"${MPI_LAUNCH:-mpirun}"

# start RANKS PROGRAM ARGUMENT...
start() { "$root/jobs/launch.sh" "${launcher[@]}" -n "$1" "$apps/$2" "${@:3}" </dev/null; }
# step NAME COMMAND...: notes its status and its last line of error
step() {
    local name=$1 status=0 text
    shift
    echo "+ $name: $*" >>log
    "$@" >out 2>err || status=$?
    cat out err >>log
    text=$(grep -v '^--' err | tail -n 1)
    [ $status -eq 0 ] || text=${text:-$(tail -n 1 out)}
    printf '%s\t%s\t%s\n' "$name" $status "${text//$'\t'/ }" >>steps
    printf '%-12s %s\n' "$name" "$([ $status -eq 0 ] && echo ok || echo "status $status: $text")"
}

# Steps of several commands.

# The sum that ordinary addition gets wrong has the same bits on one rank and on all.
same_bits() {
    local one all
    one=$(start 1 reduce --distribution cancel --count 1Mi --json --results none) || return
    all=$(start "$ranks" reduce --distribution cancel --count 1Mi --json --results none) || return
    one=$(grep -A2 '"sum": {' <<<"$one" | grep '"hex"') all=$(grep -A2 '"sum": {' <<<"$all" | grep '"hex"')
    [ -n "$one" ] && [ "$one" = "$all" ] && return
    echo "sums of 1 and $ranks ranks differ: $one, $all" >&2
    return 1
}

# heat STEPS ARGUMENT...: the arguments of a run, whose last line of results is the hash of its field
heat() { echo heat --points 512x512 --threads 1 --results none --checkpoint "$checkpoint" --steps "$@"; }
hash_of() { awk '$1 == "field" { print $2 }' "$1"; }

# A run that is stopped and resumed has the bits of an undisturbed one.
resume() {
    local checkpoint=$store/accept-$$.h5 steps words pid status=0
    # More steps, until the run is long enough to be stopped.
    for ((steps = 1000; steps <= 1000000 && status == 0; steps *= 4)); do
        read -ra words < <(heat "$steps")
        rm -f "$checkpoint" "$checkpoint.prev"
        "$root/jobs/launch.sh" "${launcher[@]}" -n "$ranks" "$apps/${words[0]}" "${words[@]:1}" \
            --checkpoint-every 20 </dev/null >stopped 2>&1 &
        pid=$!
        while [ ! -e "$checkpoint" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
        kill -USR1 "$pid" 2>/dev/null
        wait "$pid" || status=$?
        [ -e "$checkpoint" ] || break
    done
    cat stopped >&2
    [ -e "$checkpoint" ] || echo "no checkpoint in '$store': is its disk full?" >&2
    [ "$status" -eq 75 ] || return "$((status == 0 ? 1 : status))"
    start "$ranks" "${words[@]}" --resume >resumed || return
    rm -f "$checkpoint" "$checkpoint.prev"
    start "$ranks" "${words[@]}" >whole || return
    [ -n "$(hash_of whole)" ] && [ "$(hash_of whole)" = "$(hash_of resumed)" ] && return
    echo "the resumed field has hash '$(hash_of resumed)', the undisturbed one '$(hash_of whole)'" >&2
    return 1
}

# Device: 77 where there is none.
device() {
    start 1 bench gpu --bytes 1Mi --trials 3 --results results
    local status=$?
    [ "$status" -ne 3 ] || return 77
    return "$status"
}

# Files: names, and the locks that HDF5 uses.
metadata() {
    local folder k
    folder=$(mktemp -d "$store/accept-XXXXXX") || return 4
    for ((k = 0; k < 200; k++)); do
        if ! echo "$k" >"$folder/$k" || ! mv "$folder/$k" "$folder/m$k" ||
            [ "$(cat "$folder/m$k")" != "$k" ]; then
            echo "cannot write and rename files in '$store'" >&2
            rm -rf "$folder"
            return 4
        fi
    done
    rm -rf "$folder"
}

step doctor start "$ranks" doctor
step bits same_bits
step resume resume
step files metadata
step device device
for ((sweep = 1; sweep <= sweeps; sweep++)); do
    step network start "$ranks" p2p --per node --sizes 8,64Ki,1Mi --samples 3 --results results
    step pairs start "$ranks" p2p --sizes 8,64Ki --samples 3 --results results
    step cores start "$ranks" bench cores --results results
    step collectives start "$ranks" bench collectives --operations bcast,reduce,allreduce,alltoall \
        --sizes 8,8Ki,256Ki --seconds 0.02 --threads 1 --results results
    step store start "$ranks" bench store --folder "$store" --bytes 4Mi --trials 3 --results results
done

status=0
"$apps/accept" results --steps steps --limits "$limits" ${compare:+--compare "$compare"} --results "$out" \
    </dev/null || status=$?
"$apps/report" results "$out" --title "Acceptance of $(hostname)" --out report.html || true
echo "report       $out/report.html"
exit "$status"
