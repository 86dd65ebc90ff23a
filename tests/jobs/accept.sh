#!/usr/bin/env bash
# accept.sh MPIEXEC APPS SLOW: jobs/accept.sh on a cluster without a scheduler: a healthy one is accepted; a
# slow cable, a slow node and a full disk are named. SLOW is preloaded on the slow node.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
apps=$2 slow=$3
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
cluster=$here/../../jobs/cluster.sh
work=$(mktemp -d)
trap '"$cluster" -C "$work/c" down; umount "$work/full" 2>/dev/null; rm -rf "$work"' EXIT
c() { "$cluster" -C "$work/c" "$@"; }

# Mounted before, so that all nodes see the same full disk.
mkdir "$work/full" "$work/apps"
full=no
mount -t tmpfs -o size=1536k none "$work/full" 2>/dev/null && full=yes
c up --plain 4
status=$?
[ "$status" -ne 77 ] || exit 77
check_is "a cluster comes up" 0 "$status"

# accept NAME OPTION...: prints its exit status
accept() {
    MPI_LAUNCH=$mpiexec c run "$here/../../jobs/accept.sh" --out "$work/$1" --ranks 8 --sweeps 2 "${@:2}" \
        >"$work/$1.out" 2>"$work/$1.err" </dev/null
    echo $?
}
mpiexec=$1
export TRIREME_APPS=$apps

check_is "a healthy cluster is accepted" 0 "$(accept healthy)"
check "it has a report" grep -q 'Acceptance of' "$work/healthy/report.html"
first=$(echo "$work"/healthy/accept-*.h5)
check "and a record of its numbers" [ -e "$first" ]

c rate n3 20mbit
store=()
[ "$full" = no ] || store=(--store "$work/full")
for program in "$apps"/*; do
    if [ ! -f "$program" ] || [ ! -x "$program" ]; then continue; fi
    # shellcheck disable=SC2016 # expands in the wrapper
    printf '#!/bin/sh\n[ "$(hostname)" != n2 ] || export LD_PRELOAD=%s\nexec %s "$@"\n' "$slow" "$program" \
        >"$work/apps/${program##*/}"
    chmod +x "$work/apps/${program##*/}"
done
export TRIREME_APPS=$work/apps
check_is "a cluster with faults is not" 1 "$(accept faulty --compare "$first" "${store[@]}")"
line=$(tail -n 1 "$work/faulty.err")
check "one line names the cable: $line" grep -q 'network: [^;]*rank 4 on n3' <<<"$line"
check "and the node" grep -q 'cores: [^;]*node n2 ([0-9.]* x in sums)' <<<"$line"
[ "$full" = no ] || check "and the disk" grep -q 'store: [^;]*\(full\|space\)' <<<"$line"
check "and what became slower" grep -q 'slower: .*bench-collectives/.* was ' <<<"$line"
[ "$failures" -eq 0 ] || cat "$work"/*.err "$work"/*.out >&2
finish
