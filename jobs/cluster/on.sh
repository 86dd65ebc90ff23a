#!/bin/sh
# on.sh BASE NODE FOLDER COMMAND...: from head, runs the command on a node or on head itself.
if [ "$2" = head ]; then
    cd "$3" && shift 3 && exec "$@"
fi
pid=$(cat "$1/nodes/$2")
if [ -z "$pid" ]; then
    echo "cluster.sh: $2 is not running" >&2
    exit 3
fi
folder=$3
shift 3
# shellcheck disable=SC2016 # expands on the node
exec nsenter --target "$pid" --net --mount --uts --ipc --pid -- sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
