#!/usr/bin/env bash
# folder.sh: jobs/cluster.sh reads nothing from a folder to which others can write, and ends no process that
# is named there.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
TMPDIR=$(mktemp -d)
export TMPDIR
unset TRIREME_CLUSTER
trap 'kill $sleeper; rm -rf "$TMPDIR"' EXIT
sleep 1000 &
sleeper=$!
base=$TMPDIR/trireme-cluster-$(id -u)

# plant FOLDER: what looks like a cluster whose first process is one of ours
plant() {
    mkdir "$1"
    echo "$sleeper $(readlink /proc/$sleeper/ns/pid)" >"$1/lab"
    echo "touch '$TMPDIR/sourced'" >"$1/env.sh"
}
# refused WHAT
refused() {
    local verb
    for verb in "run true" "squeue" "status" "up --plain 1" "down"; do
        # shellcheck disable=SC2086 # words
        check_is "$1: $verb" 3 "$(status_of "$here/../../jobs/cluster.sh" $verb)"
    done
    check "$1: nothing is sourced" [ ! -e "$TMPDIR/sourced" ]
    check "$1: nothing is killed" kill -0 $sleeper
    check "$1: nothing is removed" [ -e "$base" ]
}

plant "$base"
chmod 777 "$base"
refused "a folder to which all can write"
chmod 755 "$base"
chmod 777 "$TMPDIR"
refused "a folder that all can replace"
chmod 700 "$TMPDIR"
if [ "$(id -u)" -eq 0 ]; then
    chown 65534 "$base"
    refused "a folder of another user"
fi
mv "$base" "$TMPDIR/elsewhere"
ln -s elsewhere "$base"
refused "a link"
finish
