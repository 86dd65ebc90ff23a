#!/usr/bin/env bash
# p2p.sh MPIEXEC P2P: p2p finds a slow cable in a cluster without a scheduler.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
mpiexec=$1 p2p=$2
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
cluster=$here/../../jobs/cluster.sh
work=$(mktemp -d)
trap '"$cluster" -C "$work/c" down; rm -rf "$work"' EXIT
c() { "$cluster" -C "$work/c" "$@"; }

c up --plain 4
status=$?
[ $status -ne 77 ] || exit 77
check_is "a cluster comes up" 0 $status

# measure RANKS OPTION...: prints its exit status; its output goes to $work/out and $work/err
measure() {
    local ranks=$1
    shift
    c run "$mpiexec" -n "$ranks" "$p2p" --sizes 8,64Ki --samples 3 --results none "$@" >"$work/out" \
        2>"$work/err" </dev/null
    echo $?
}
# the ranks that p2p names: "rank 4 on n3, rank 5 on n3"
named() { sed -n 's/^slow  *//p' "$work/out" | sed 's/ ([^)]*)//g'; }
# finds NAMES RANKS OPTION...: as measure, until p2p names these ranks, at most three times. A rank is named
# where all its samples are slow, and other work on the machine can slow down those it is compared with.
finds() {
    local names=$1 status
    shift
    for _ in 1 2 3; do
        status=$(measure "$@")
        [ "$(named)" != "$names" ] || break
    done
    echo "$status"
}

check_is "no rank is slow" 0 "$(measure 8 --per node)"
check_is "one of each node takes part" "4 6" \
    "$(awk '$1 == "players" || $1 == "pairs" { print $2 }' "$work/out" | head -n 2 | xargs)"
check_is "no rank is named" none "$(named)"

c rate n3 20mbit
check_is "a slow cable" 1 "$(finds "rank 4 on n3" 8 --per node)"
check_is "its node is named" "rank 4 on n3" "$(named)"
line='slower than the rest, also when measured alone: rank 4 on n3 \([0-9.e+]+ x at 64Ki\)'
check "in one line" grep -Eqx 'p2p: \[rank 0 of 8 on n1\] '"$line" "$work/err"
check_is "with all ranks" 1 "$(finds "rank 4 on n3, rank 5 on n3" 8)"
check_is "both of its ranks are named" "rank 4 on n3, rank 5 on n3" "$(named)"

c rate n3 none
check_is "the cable is as before" 0 "$(measure 8 --per node)"
finish
