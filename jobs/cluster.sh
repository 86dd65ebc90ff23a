#!/usr/bin/env bash
# Raises a small cluster on this machine: a head and nodes with their own network, host name, processes, /dev/shm and IPC,
# joined by a switch. Nothing of it is seen from outside, and all of it is gone when it is down.
#
#     cluster.sh up N [--slots S]             SLURM on N nodes n1, n2, ... of S cores each (4); needs root
#     cluster.sh up --plain N [--slots S]     no scheduler and no root: a host file with S slots each (2) makes plain
#                                             mpirun use all nodes
#                                             either with --while PID: it goes down when that process ends
#     cluster.sh run [--root] [--on NODE] COMMAND...
#                                             in this folder on head (or NODE), with SLURM as the ordinary user alice
#     cluster.sh sbatch|srun|squeue|sinfo|scontrol|scancel ...
#                                             the same as run with that command
#     cluster.sh status                       the nodes; 1 where no cluster is up
#     cluster.sh rate NODE|all 100mbit|none   how fast a node sends and receives
#     cluster.sh link NODE down|up            its cable
#     cluster.sh crash NODE                   all its processes end at once, as in a power cut
#     cluster.sh boot NODE                    starts it again
#     cluster.sh down
#
# Several clusters stand side by side in folders of their own: `cluster.sh -C FOLDER ...`, or TRIREME_CLUSTER; the usual
# one is trireme-cluster-UID in TMPDIR or /tmp. Exit status: 2 usage, 3 failure, 77 not possible on this machine.
set -euo pipefail
# An ordinary user of Debian does not have ip, tc and the daemons in sight.
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "${0%/*}" && pwd)
base=${TRIREME_CLUSTER:-${TMPDIR:-/tmp}/trireme-cluster-$(id -u)}

die() {
    echo "cluster.sh: ${*:2}" >&2
    exit "$1"
}
usage() {
    sed -n '2,24s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# The first process of the cluster's own pid namespace, or nothing. A folder may outlive its cluster (the machine was
# restarted), so the process must still be in the namespace that it had.
lab() {
    local pid namespace
    read -r pid namespace 2>/dev/null <"$base/lab" || return 1
    [ "$(readlink "/proc/$pid/ns/pid" 2>/dev/null)" = "$namespace" ] || return 1
    echo "$pid"
}

# inside COMMAND...: becomes it, in the cluster, on head.
inside() {
    local pid mapped=()
    pid=$(lab) || die 3 "no cluster is up in $base"
    [ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ] || mapped=(--user --preserve-credentials)
    exec nsenter --target "$pid" "${mapped[@]}" --mount --net --uts --ipc --pid -- "$@"
}

check_node() {
    lab >/dev/null || die 3 "no cluster is up in $base"
    [ -e "$base/nodes/$1" ] || die 2 "no node '$1'; there are: $(cd "$base/nodes" && echo *)"
}

up() {
    local nodes='' slots='' process='' kind=slurm tools=(ip tc unshare nsenter)
    while [ $# -gt 0 ]; do
        case $1 in
        --plain) kind=plain ;;
        --slots) slots=${2-} && shift ;;
        --while) process=${2-} && shift ;;
        *) nodes=$1 ;;
        esac
        shift
    done
    [ -n "$slots" ] || { [ $kind = plain ] && slots=2 || slots=4; }
    [[ $nodes =~ ^[1-9][0-9]?$ && $slots =~ ^[1-9][0-9]*$ && $process =~ ^[0-9]*$ ]] || usage
    ! lab >/dev/null || die 3 "a cluster is up in $base already"
    [ ! -e "$base" ] || [ -e "$base/lab" ] || die 3 "$base is there and no cluster's folder"
    [ $kind = plain ] || tools+=(slurmctld slurmd munged sbatch setpriv)
    for tool in "${tools[@]}"; do
        command -v "$tool" >/dev/null || die 77 "there is no '$tool' (jobs/packages.txt names its package)"
    done
    # Root needs no namespace of users and keeps its rights to everybody's files.
    local new=(unshare --net --mount --uts --ipc --pid --fork --kill-child)
    if ! "${new[@]}" true 2>/dev/null; then
        [ $kind = plain ] || die 77 "SLURM needs root and a machine that allows it namespaces; --plain may do without"
        new+=(--user --map-root-user)
        "${new[@]}" true 2>/dev/null || die 77 "this machine allows no namespaces: neither to this user nor in a namespace of users"
    fi
    rm -rf "$base"
    mkdir -p "$base/nodes" "$base/logs"
    : >"$base/lab"
    local answer
    read -r answer < <(setsid "${new[@]}" "$here/cluster/lab.sh" "$base" "$kind" "$nodes" "$slots" 2>"$base/logs/lab") ||
        answer=failed
    if [ "$answer" != up ]; then
        tail -n 20 "$base"/logs/* >&2
        down
        die 3 "the cluster did not come up"
    fi
    # A script may be killed before it can take its cluster down. (Behind || a shell would stay, with the caller's pipes.)
    if [ -n "$process" ]; then
        setsid "$here/cluster/follow.sh" "$process" "$here/cluster.sh" "$base" </dev/null >/dev/null 2>&1 &
    fi
}

down() {
    local pid
    # Its pid namespace and everything in it end with its first process; the network ends with the processes.
    if pid=$(lab); then
        kill -KILL "$pid"
        while [ -e "/proc/$pid" ]; do sleep 0.01; done
    fi
    [ ! -e "$base/lab" ] || rm -rf "$base"
}

# run [--root] [--on NODE] COMMAND...
run() {
    local node="head" user=''
    [ ! -e "$base/user" ] || user=$(cat "$base/user")
    while :; do
        case ${1-} in
        --root) user='' && shift ;;
        --on) node=${2-} && shift 2 ;;
        *) break ;;
        esac
    done
    [ $# -ge 1 ] || usage
    [ "$node" = head ] || check_node "$node"
    # shellcheck source=jobs/env.sh
    . "$here/env.sh"
    # shellcheck source=/dev/null
    [ ! -e "$base/env.sh" ] || . "$base/env.sh"
    inside "$here/cluster/on.sh" "$base" "$node" "$user" "$PWD" "$@"
}

if [ "${1-}" = -C ]; then
    [ $# -ge 2 ] || usage
    base=$2
    shift 2
fi
base=$(realpath -m "$base")
# It stands in files that shells, SLURM and mpirun read.
[[ $base =~ ^[A-Za-z0-9/._+-]+$ ]] || die 2 "'$base': letters, digits and / . _ + - only, please"
[ $# -ge 1 ] || usage
verb=$1
shift
case $verb in
up) up "$@" ;;
down) down ;;
run) run "$@" ;;
sbatch | srun | squeue | sinfo | scontrol | scancel) run "$verb" "$@" ;;
status)
    lab >/dev/null || die 1 "no cluster is up in $base"
    inside "$here/cluster/head.sh" "$base" status
    ;;
rate | link | crash | boot)
    [ $# -ge 1 ] || usage
    [ "$verb $1" = "rate all" ] || check_node "$1"
    inside "$here/cluster/head.sh" "$base" "$verb" "$@"
    ;;
*) usage ;;
esac
