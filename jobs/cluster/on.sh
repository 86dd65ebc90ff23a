#!/bin/sh
# on.sh BASE NODE USER FOLDER COMMAND...: called on head; runs the command on a node or on head, as USER ('':
# the caller).
base=$1 node=$2 user=$3 folder=$4
shift 4
if [ -n "$user" ]; then
    set -- setpriv --reuid "$user" --regid "$user" --init-groups \
        env HOME="$base/home" USER="$user" LOGNAME="$user" "$@"
fi
if [ "$node" = head ]; then
    cd "$folder" && exec "$@"
fi
pid=$(cat "$base/nodes/$node")
if [ -z "$pid" ]; then
    echo "cluster.sh: $node is not running" >&2
    exit 3
fi
# shellcheck disable=SC2016 # expands on the node
exec nsenter --target "$pid" --net --mount --uts --ipc --pid -- sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
