# shellcheck shell=bash
# Functions for jobs in a cluster. Source it after check.sh.

# submit OPTION... SCRIPT ARGUMENT...: prints the job's number.
submit() { c sbatch --parsable "$@" | cut -d';' -f1; }
shown() { c scontrol show job "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1; }
# ended JOB [SECONDS]: waits for its end; prints state, exit status and restarts. After SECONDS prints
# "hangs".
ended() {
    local state end=$((SECONDS + ${2:-100000}))
    while :; do
        state=$(shown "$1" JobState)
        case $state in
        PENDING | RUNNING | COMPLETING | CONFIGURING) sleep 0.2 ;;
        REQUEUED | NODE_FAIL | RESIZING | SUSPENDED) sleep 0.2 ;;
        *) break ;;
        esac
        [ "$SECONDS" -lt "$end" ] || { echo "hangs" && return; }
    done
    echo "$state $(shown "$1" ExitCode) $(shown "$1" Restarts)"
}
# begun JOB FILE: waits until its program has written FILE; fails if the job ends before.
# shellcheck disable=SC2317 # called by check
begun() {
    until [ -s "$2" ]; do
        [[ $(shown "$1" JobState) == @(PENDING|RUNNING|CONFIGURING) ]] || return 1
        sleep 0.1
    done
}

# raise_cluster APPS: starts a cluster of three nodes that lives as long as this script, and changes to its
# home folder. c WORDS... is cluster.sh for it. Ends the script with 77 if no cluster can be started.
raise_cluster() {
    jobs=$(cd "${BASH_SOURCE[0]%/*}/../../jobs" && pwd)
    work=$(mktemp -d)
    chmod 755 "$work"
    trap '"$jobs/cluster.sh" -C "$work/c" down; rm -rf "$work"' EXIT
    c up 3 --while $$
    local status=$?
    [ $status -ne 77 ] || exit 77
    check_is "the cluster comes up" 0 $status
    cd "$work/c/home" || exit 3
    export TRIREME_ROOT=${jobs%/jobs} TRIREME_APPS=$1
}
c() { "$jobs/cluster.sh" -C "$work/c" "$@"; }
