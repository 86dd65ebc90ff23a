#!/usr/bin/env bash
# Starts a small cluster on this machine: a head and nodes, each with its own network, host name, processes,
# /dev/shm and IPC, connected by a switch. It is invisible from outside, and `down` removes all of it.
#
#     cluster.sh up N [--slots S]            SLURM on N nodes n1, n2, ... with S cores each (4); needs root
#     cluster.sh up --plain N [--slots S]    neither scheduler nor root: a host file with S slots per node (2)
#                                            lets plain mpirun use all nodes
#                                            both: --while PID stops the cluster when that process ends
#     cluster.sh run [--root] [--on NODE] COMMAND...
#                                            runs it in this folder on head (or NODE); with SLURM as alice
#     cluster.sh sbatch|srun|squeue|sinfo|scontrol|scancel ...
#                                            the same as run with that command
#     cluster.sh status                      shows the nodes; status 1 if no cluster is up
#     cluster.sh rate NODE|all 100mbit|none  limits the rate at which a node sends and receives
#     cluster.sh link NODE down|up           unplugs or plugs in its cable
#     cluster.sh crash NODE                  ends all its processes at once, like a power cut
#     cluster.sh boot NODE                   restarts it
#     cluster.sh down                        stops the cluster
#
# Several clusters can run at once in different folders: `cluster.sh -C FOLDER ...`, or TRIREME_CLUSTER. The
# default is trireme-cluster-UID in TMPDIR or /tmp. Exit status: 2 usage, 3 failure, 77 not possible on this
# machine.
set -euo pipefail
# On Debian the PATH of an ordinary user lacks ip, tc and the daemons.
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "${0%/*}" && pwd)
base=${TRIREME_CLUSTER:-${TMPDIR:-/tmp}/trireme-cluster-$(id -u)}

die() {
    echo "cluster.sh: ${*:2}" >&2
    exit "$1"
}
usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# Whether the folder is ours and only we can write to it and replace it: others may write to /tmp, and what
# they put there is neither read nor removed, and no process is killed for it.
own() {
    local parent
    [ -d "$base" ] && [ ! -L "$base" ] && [ -O "$base" ] || return 1
    parent=$((8#$(stat -c %a "${base%/*}/")))
    (((8#$(stat -c %a "$base") & 8#022) == 0 && ((parent & 8#022) == 0 || (parent & 8#1000) != 0)))
}

# Prints the first process of the cluster's pid namespace. A folder may outlive its cluster (after a reboot),
# so the process must still be in its recorded namespace.
lab() {
    local pid namespace
    read -r pid namespace 2>/dev/null <"$base/lab" || return 1
    [ "$(readlink "/proc/$pid/ns/pid" 2>/dev/null)" = "$namespace" ] || return 1
    echo "$pid"
}

# inside COMMAND...: executes it in the cluster, on head, in place of this script.
inside() {
    local pid mapped=()
    pid=$(lab) || die 3 "no cluster is up in $base"
    [ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ] ||
        mapped=(--user --preserve-credentials)
    exec nsenter --target "$pid" "${mapped[@]}" --mount --net --uts --ipc --pid -- "$@"
}

check_node() {
    lab >/dev/null || die 3 "no cluster is up in $base"
    [ -e "$base/nodes/$1" ] || die 2 "no node '$1'; nodes: $(cd "$base/nodes" && echo *)"
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
    ! lab >/dev/null || die 3 "a cluster is already up in $base"
    [ ! -e "$base" ] || [ -e "$base/lab" ] || die 3 "$base exists and is not the folder of a cluster"
    [ $kind = plain ] || tools+=(slurmctld slurmd munged sbatch setpriv)
    for tool in "${tools[@]}"; do
        command -v "$tool" >/dev/null || die 77 "'$tool' is missing (jobs/packages.txt names its package)"
    done
    # Root needs no user namespace and keeps its access to all files.
    local new=(unshare --net --mount --uts --ipc --pid --fork --kill-child)
    if ! "${new[@]}" true 2>/dev/null; then
        [ $kind = plain ] || die 77 "SLURM needs root and namespaces; --plain may work without root"
        new+=(--user --map-root-user)
        "${new[@]}" true 2>/dev/null ||
            die 77 "this machine allows no namespaces, not even in a user namespace"
    fi
    rm -rf "$base"
    mkdir -p "${base%/*}/"
    # alice reaches her home, SLURM's configuration and nothing else.
    mkdir -m "$([ $kind = plain ] && echo 700 || echo 711)" "$base"
    own || die 3 "others can replace $base: give another folder with -C FOLDER"
    mkdir "$base/nodes" "$base/logs"
    : >"$base/lab"
    local answer
    read -r answer < <(setsid "${new[@]}" "$here/cluster/lab.sh" "$base" "$kind" "$nodes" "$slots" \
        2>"$base/logs/lab") || answer=failed
    if [ "$answer" != up ]; then
        tail -n 20 "$base"/logs/* >&2
        down
        die 3 "the cluster did not start"
    fi
    # A script may be killed before it stops its cluster. (After || a shell would remain and hold the caller's
    # pipes.)
    if [ -n "$process" ]; then
        setsid "$here/cluster/follow.sh" "$process" "$here/cluster.sh" "$base" </dev/null >/dev/null 2>&1 &
    fi
}

down() {
    local pid
    # The pid namespace ends with its first process, and the network with the processes.
    if pid=$(lab); then
        kill -KILL "$pid"
        while [ -e "/proc/$pid" ]; do sleep 0.01; done
    fi
    [ ! -e "$base/lab" ] || rm -rf "$base"
}

# run [--root] [--on NODE] COMMAND...
run() {
    local node="head" user='' id
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
    # A job whose log cannot be written ends without a trace.
    id=$(sed -n "s/^${user:-root}:[^:]*:\([0-9]*\):.*/\1/p" "$base/etc/passwd" 2>/dev/null || true)
    if [ "$1" = sbatch ] && [ -n "$user" ] && [[ " $*" != *" -"@(o|-output|D|-chdir)* ]] &&
        ! setpriv --reuid "$id" --regid "$id" --clear-groups test -w .; then
        die 3 "$user cannot write the log of a job to $PWD: cd $base/home, with TRIREME_ROOT=${here%/jobs}," \
            "or --output=$base/home/%x-%j.out"
    fi
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
base=$(realpath -ms "$base")
base=$(realpath -m "${base%/*}/")/${base##*/}
base=${base/#\/\///}
# Files that shells, SLURM and mpirun read contain this path.
[[ $base =~ ^[A-Za-z0-9/._+-]+$ ]] || die 2 "'$base': use letters, digits and / . _ + - only"
[ $# -ge 1 ] || usage
verb=$1
shift
[ ! -e "$base" ] && [ ! -L "$base" ] || own ||
    die 3 "others own $base or can write to it: remove it, or give another folder with -C FOLDER"
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
