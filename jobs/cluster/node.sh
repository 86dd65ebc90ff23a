#!/usr/bin/env bash
# node.sh BASE NODE: the first process of a node, in its own namespaces. head.sh starts it and connects the
# cable.
set -euo pipefail
base=$1 node=$2
here=$(cd "${0%/*}" && pwd)

# /proc is still that of the cluster, so this is the pid that the cluster sees.
read -r pid _ </proc/self/stat
mount -t proc proc /proc
hostname "$node"
mount -t tmpfs -o mode=1777,size=1g shm /dev/shm
ip link set lo up
echo "$pid" >"$base/nodes/$node"
echo up
# Meanwhile head.sh connects the cable.
if [ "$(cat "$base/kind")" = slurm ]; then
    exec >>"$base/logs/$node" 2>&1
    "$here/slurm.sh" "$base" node "$node"
fi

exec >>"$base/logs/$node" 2>&1 </dev/null
# The first process inherits orphans; the shell reaps them while it waits.
while :; do
    sleep 3600 &
    wait $! || true
done
