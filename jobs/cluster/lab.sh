#!/usr/bin/env bash
# lab.sh BASE plain|slurm NODES SLOTS: the first process of a cluster, in its own namespaces. It makes the
# switch, starts the nodes, prints `up` and then only waits. Head uses these namespaces. cluster.sh starts
# this script; every other process of the cluster descends from it and ends with it.
set -euo pipefail
base=$1 kind=$2 nodes=$3 slots=$4
here=$(cd "${0%/*}" && pwd)

# /proc is still that of the machine, so this is the pid that cluster.sh sees.
read -r pid _ </proc/self/stat
echo "$pid $(readlink /proc/self/ns/pid)" >"$base/lab"
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=1777,size=1g shm /dev/shm
hostname head

echo "$kind" >"$base/kind"
for ((i = 1; i <= nodes; i++)); do
    echo "10.77.0.$((i + 1)) n$i"
done >"$base/nodes.txt"
{ printf '%s\n' "127.0.0.1 localhost" "10.77.0.1 head" && cat "$base/nodes.txt"; } >"$base/hosts"
mount --bind "$base/hosts" /etc/hosts

ip link set lo up
# Without its own address the switch takes that of a cable, which changes when cables come and go.
ip link add switch address 02:00:00:00:00:01 type bridge
ip address add 10.77.0.1/24 dev switch
ip link set switch up

if [ "$kind" = slurm ]; then
    "$here/slurm.sh" "$base" configure "$slots"
    "$here/slurm.sh" "$base" head
else
    # Host files and the replacement for ssh, for Open MPI 4, Open MPI 5 and MPICH. MPICH would try shared
    # memory between the nodes (UCX_TLS prevents that). In the cluster's user namespace an ordinary user is
    # root, so mpirun must accept root. mpirun names temporary files after host and user, which are the same
    # in every cluster; hence the TMPDIR.
    awk -v slots="$slots" '{ print $2 " slots=" slots }' "$base/nodes.txt" >"$base/hostfile"
    awk -v slots="$slots" '{ print $2 ":" slots }' "$base/nodes.txt" >"$base/hostfile.mpich"
    printf '#!/bin/sh\nexec %q/agent.sh %q "$@"\n' "$here" "$base" >"$base/agent"
    chmod +x "$base/agent"
    mkdir -m 1777 "$base/tmp"
    cat >"$base/env.sh" <<END
export TMPDIR=$base/tmp
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_orte_default_hostfile=$base/hostfile OMPI_MCA_plm_rsh_agent=$base/agent
export PRTE_MCA_prte_default_hostfile=$base/hostfile PRTE_MCA_plm_ssh_agent=$base/agent
export HYDRA_HOST_FILE=$base/hostfile.mpich HYDRA_LAUNCHER=ssh HYDRA_LAUNCHER_EXEC=$base/agent
export UCX_TLS=tcp,self
END
fi

while read -r _ node; do
    "$here/head.sh" "$base" boot "$node"
done <"$base/nodes.txt"
[ "$kind" = plain ] || "$here/slurm.sh" "$base" wait "$nodes"

echo up
exec >>"$base/logs/lab" 2>&1 </dev/null
# The first process inherits orphans; the shell reaps them while it waits.
while :; do
    sleep 3600 &
    wait $! || true
done
