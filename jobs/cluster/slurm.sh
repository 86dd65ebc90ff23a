#!/usr/bin/env bash
# slurm.sh BASE configure SLOTS|head|node NODE|wait NODES: the SLURM part of a cluster. lab.sh and node.sh
# call it in their namespaces.
set -euo pipefail
base=$1
here=$(cd "${0%/*}" && pwd)
export SLURM_CONF=$base/etc/slurm.conf

configure() {
    local slots=$1 nodes user=alice id=20001
    nodes=$(wc -l <"$base/nodes.txt")
    mkdir -p "$base/etc" "$base/state" "$base/home"
    (umask 077 && head -c 1024 /dev/urandom >"$base/etc/munge.key")
    { cat /etc/passwd && echo "$user:x:$id:$id::$base/home:/bin/bash"; } >"$base/etc/passwd"
    { cat /etc/group && echo "$user:x:$id:"; } >"$base/etc/group"
    chown $id:$id "$base/home"
    # If only root can read the checkout, jobs run as root.
    setpriv --reuid $id --regid $id --clear-groups test -r "$here/../env.sh" || user=''
    echo "$user" >"$base/user"

    # Unusual settings: linuxproc and cgroup/v1, because there are no cgroups; config_overrides, because the
    # nodes have more cores than the machine; short times, so that a lost node is detected within seconds.
    cat >"$SLURM_CONF" <<END
ClusterName=lab
SlurmctldHost=head(10.77.0.1)
SlurmUser=root
StateSaveLocation=$base/state
SlurmdSpoolDir=/run/slurmd
SlurmctldLogFile=$base/logs/slurmctld
SlurmdLogFile=$base/logs/slurmd.%n
ProctrackType=proctrack/linuxproc
SlurmdParameters=config_overrides
NodeName=n[1-$nodes] CPUs=$slots RealMemory=4000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
PropagateResourceLimits=NONE
JobCompType=jobcomp/filetxt
JobCompLoc=$base/logs/jobs
AuthInfo=cred_expire=5
ReturnToService=2
SlurmdTimeout=5
MessageTimeout=3
TCPTimeout=2
KillWait=3
DependencyParameters=kill_invalid_depend
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
END
    echo "CgroupPlugin=cgroup/v1" >"$base/etc/cgroup.conf"
    # The nodes share the cores of one machine, and MPI in a job cannot detect that. A waiting rank has to
    # yield, and binding would put ranks of two nodes on the same core.
    cat >"$base/env.sh" <<END
export SLURM_CONF=$SLURM_CONF TMPDIR=/tmp
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
END
}

# A private /tmp, because MPI and PMIx name files in it after job and host. The folders in use below /tmp stay
# visible.
private_tmp() {
    local folders=("$base" "${here%/jobs/cluster}") i
    mount -t tmpfs none /mnt
    for i in 0 1; do
        mkdir "/mnt/$i"
        mount --bind "${folders[i]}" "/mnt/$i"
    done
    mount -t tmpfs -o mode=1777,size=1g tmp /tmp
    for i in 0 1; do
        [[ ${folders[i]} == /tmp/* ]] || continue
        mkdir -p "${folders[i]}"
        mount --bind "/mnt/$i" "${folders[i]}"
    done
    umount --recursive /mnt
}

# Common to head and nodes: the accounts, a /run, and munge, which authenticates users by a key.
common() {
    mount -t tmpfs -o mode=755,size=256m run /run
    mkdir -p /run/munge
    mount --bind "$base/etc/passwd" /etc/passwd
    mount --bind "$base/etc/group" /etc/group
    munged --key-file="$base/etc/munge.key" --socket=/run/munge/munge.socket.2 \
        --pid-file=/run/munge/munged.pid --log-file="$base/logs/munged.$(hostname)" \
        --seed-file=/run/munge/seed
}

case $2 in
configure) configure "$3" ;;
head)
    common
    slurmctld </dev/null >/dev/null
    ;;
node)
    private_tmp
    common
    mount -t sysfs sysfs /sys
    # slurmd registers with its address, so the address must exist.
    until ip -o -4 address show dev eth0 2>/dev/null | grep -q inet; do sleep 0.01; done
    slurmd -N "$3" </dev/null >/dev/null
    ;;
wait)
    for ((i = 0; i < 600; i++)); do
        [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" -ne "$3" ] || exit 0
        sleep 0.05
    done
    echo "after 30 s not all nodes are idle:" >&2
    sinfo -N -l >&2
    exit 1
    ;;
esac
