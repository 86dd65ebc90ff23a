#!/usr/bin/env bash
# node.sh BASE NODE: the first process of a node, in its own namespaces; head.sh starts it and joins the cable.
set -euo pipefail
base=$1 node=$2
here=$(cd "${0%/*}" && pwd)

# /proc is still that of the cluster: this is the number by which the cluster knows the node.
read -r pid _ </proc/self/stat
mount -t proc proc /proc
hostname "$node"
mount -t tmpfs -o mode=1777,size=1g shm /dev/shm
ip link set lo up
echo "$pid" >"$base/nodes/$node"
echo up
# head.sh joins the cable meanwhile.
if [ "$(cat "$base/kind")" = slurm ]; then
    exec >>"$base/logs/$node" 2>&1
    "$here/slurm.sh" "$base" node "$node"
fi

exec >>"$base/logs/$node" 2>&1 </dev/null
# As the first process it inherits what others leave; the shell collects that while it waits.
while :; do
    sleep 3600 &
    wait $! || true
done
