#!/usr/bin/env bash
# plain.sh MPIEXEC WHERE: clusters without a scheduler, as root and as an ordinary user if the machine allows
# it.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
mpiexec=$1 where=$2
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
cluster=$here/../../jobs/cluster.sh
work=$(mktemp -d)
trap '"$cluster" -C "$work/a" down; "$cluster" -C "$work/b" down; rm -rf "$work"' EXIT
chmod 755 "$work"

a() { "$cluster" -C "$work/a" "$@"; }
b() { "$cluster" -C "$work/b" "$@"; }
# prints 124: no answer; 1: the node refused the connection, so it is reachable
reach() { status_of a run --on "$1" timeout 2 bash -c "</dev/tcp/$2/9"; }
# shellcheck disable=SC2016 # awk's
sent() { a run --on n1 awk '$1 == "eth0:" { print $10 }' /proc/net/dev; }
# number of ranks on each node: "3 n1 3 n2"
ranks() { sed 's/.* on //' | sort | uniq -c | xargs; }

a up --plain 3 --while $$
status=$?
[ $status -ne 77 ] || exit 77
check_is "a cluster comes up" 0 $status
check_is "a second one in the same folder does not" 3 "$(status_of a up --plain 3)"

check_is "6 ranks on 3 nodes" "$(printf '%s\n' \
    'rank 0 of 6: local 0 of 2 on n1' 'rank 1 of 6: local 1 of 2 on n1' \
    'rank 2 of 6: local 0 of 2 on n2' 'rank 3 of 6: local 1 of 2 on n2' \
    'rank 4 of 6: local 0 of 2 on n3' 'rank 5 of 6: local 1 of 2 on n3')" "$(a run "$mpiexec" -n 6 "$where")"
check_is "unequal nodes" "3 n1 1 n3" "$(a run "$mpiexec" -n 4 -host n1:3,n3:1 "$where" | ranks)"

# 4 MB from n1 to n2 and back at 100 Mbit/s take at least 0.3 s, also on a busy machine.
before=$(sent)
a run "$mpiexec" -n 2 -host n1:1,n2:1 "$where" 4000000 >/dev/null
check "the bytes went over the cable" [ $(($(sent) - before)) -gt 4000000 ]
a rate all 100mbit
check_is "a rate is seen" "100Mbit 100Mbit 100Mbit" "$(a status | awk 'NR > 1 { print $5 }' | xargs)"
start=$(date +%s%N)
a run "$mpiexec" -n 2 -host n1:1,n2:1 "$where" 4000000 >/dev/null
check "a slow cable is slow" [ $(($(date +%s%N) - start)) -gt 300000000 ]
a rate all none

check_is "the link is up" 1 "$(reach n1 n2)"
a link n2 down
check_is "the link is down" 124 "$(reach n1 n2)"
check_is "others are reached" 1 "$(reach n1 n3)"
a link n2 up
check_is "the link is up again" 1 "$(reach n1 n2)"

a run --on n3 sleep 1000 &
sleeper=$!
until a run --on n3 sh -c 'cat /proc/[0-9]*/comm' | grep -qx sleep; do sleep 0.05; done
a crash n3
wait $sleeper
check_is "a crash ends what ran there" 137 $?
check_is "a crashed node runs nothing" 3 "$(status_of a run --on n3 true)"
check "status shows it" grep -q '^n3 .*crashed' <(a status)
a boot n3
check_is "it comes back" 6 "$(a run "$mpiexec" -n 6 "$where" | wc -l)"

check_is "an exit status is passed on" 5 "$(status_of a run sh -c 'exit 5')"
check_is "no such node" 2 "$(status_of a run --on n9 true)"
check_is "no such rate" 2 "$(status_of a rate n1 fast)"
check_is "no such verb" 2 "$(status_of a raise)"

# A second cluster beside the first, with the same addresses; as another user if this is root.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    mkdir "$work/user" && chown 65534:65534 "$work/user"
    b() {
        HOME=$work/user setpriv --reuid 65534 --regid 65534 --clear-groups "$cluster" -C "$work/user/b" "$@"
    }
    trap 'b down; "$cluster" -C "$work/a" down; rm -rf "$work"' EXIT
fi
if b up --plain 2 --slots 3 --while $$; then
    check_is "two clusters at once, 3 slots a node" "3 n1 3 n2" "$(b run "$mpiexec" -n 6 "$where" | ranks)"
    a down
    check_is "one goes, the other stays" 0 "$(status_of b status)"
    b down
else
    check_is "another user gets a cluster or the reason" 77 $?
    a down
fi
check_is "nothing is up" 1 "$(status_of a status)"
check "nothing is left" [ ! -e "$work/a" ]
check_is "no process is left" "" "$(pgrep -f "cluster/(lab|node).sh $work/" || true)"
finish
