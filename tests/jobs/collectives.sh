#!/usr/bin/env bash
# collectives.sh MPIEXEC COLLECTIVES REQUESTS: every collective algorithm over TCP, on three hosts with
# unequal and with equal numbers of ranks, and with non-consecutive ranks on each host.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
mpiexec=$1 collectives=$2 requests=$3
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
cluster=$here/../../jobs/cluster.sh
work=$(mktemp -d)
trap '"$cluster" -C "$work/c" down; rm -rf "$work"' EXIT
c() { "$cluster" -C "$work/c" "$@"; }

c up --plain 3 --slots 3 --while $$
status=$?
[ $status -ne 77 ] || exit 77
check_is "a cluster comes up" 0 $status

# on WHAT ARGUMENT...: the arguments of mpirun, then the program
on() {
    local what=$1
    shift
    c run "$mpiexec" "$@" >"$work/out" 2>&1 </dev/null
    check_is "$what" 0 $?
    grep -v ' 0 failed$' "$work/out" >&2
    check "$what: every rank has checked something" \
        grep -Eq '^collectives: [1-9][0-9]* checks|^requests: [1-9]' "$work/out"
}
unequal="n1:1,n2:2,n3:3"
on "1, 2 and 3 ranks on a host" -n 6 -host $unequal "$collectives"
on "2 ranks on each" -n 6 -host n1:2,n2:2,n3:2 "$collectives"
on "distributed over the hosts" -n 5 -host n1:1,n2:2,n3:2 --map-by node "$collectives"
on "requests" -n 6 -host $unequal "$requests"
on "requests, distributed" -n 5 -host n1:1,n2:2,n3:2 --map-by node "$requests"
finish
