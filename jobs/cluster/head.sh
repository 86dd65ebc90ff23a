#!/usr/bin/env bash
# head.sh BASE boot|crash|link|rate|status ...: the part of cluster.sh that runs on head, where the switch is.
set -euo pipefail
base=$1 verb=$2
here=$(cd "${0%/*}" && pwd)

usage() {
    echo "cluster.sh: $*" >&2
    exit 2
}

# Prints the first process of a node; fails if the node is not running.
node_pid() {
    local pid
    pid=$(cat "$base/nodes/$1") && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

in_network_of() { nsenter --target "$1" --net -- "${@:2}"; }

boot() {
    local node=$1 answer address pid
    ! node_pid "$node" >/dev/null 2>&1 || usage "$node is running"
    read -r answer < <(setsid unshare --net --mount --uts --ipc --pid --fork --kill-child \
        "$here/node.sh" "$base" "$node" 2>>"$base/logs/lab") || answer=failed
    [ "$answer" = up ]
    pid=$(node_pid "$node")
    address=$(awk -v node="$node" '$2 == node { print $1 }' "$base/nodes.txt")
    # The same hardware address after a crash, because the other nodes have cached it.
    ip link add "to-$node" type veth peer name eth0 address "02:00:00:00:00:$(printf %02x "${address##*.}")" \
        netns "$pid"
    ip link set "to-$node" master switch up
    in_network_of "$pid" ip address add "$address/24" dev eth0
    in_network_of "$pid" ip link set eth0 up
}

crash() {
    local pid
    pid=$(node_pid "$1") || usage "$1 is not running"
    kill -KILL "$pid"
    while [ -e "/proc/$pid" ]; do sleep 0.01; done
    : >"$base/nodes/$1"
    # The cable would disappear with the node's network, but the network remains while connections of the dead
    # processes wait for answers: for minutes if the link was down.
    ip link delete "to-$1" 2>/dev/null || true
}

# burst RATE: the bytes that pass at full speed after a pause. At least the largest packet that the kernel
# forwards in one piece, few compared with a measured message, and as many as arrive in 100 us, so that the
# shaper wakes no more often.
PACKET=8192
burst() {
    local amount=${1%b*} bits
    bits=$(numfmt --from=auto "${amount^^}")
    [ "${1: -3}" = bit ] || bits=$((bits * 8))
    echo $((bits / 80000 > 2 * PACKET ? bits / 80000 : 2 * PACKET))
}

# Limits both ends of the cable, like a slow network card.
rate() {
    local pid packet=$PACKET qdisc=(replace dev eth0 root tbf rate "$2" latency 100ms burst)
    pid=$(node_pid "$1") || usage "$1 is not running"
    if [ "$2" = none ]; then
        packet=65536 qdisc=(delete dev eth0 root)
        tc qdisc show dev "to-$1" | grep -q tbf || return 0
    else
        qdisc+=("$(burst "$2")")
    fi
    in_network_of "$pid" ip link set dev eth0 gso_max_size "$packet"
    ip link set dev "to-$1" gso_max_size "$packet"
    in_network_of "$pid" tc qdisc "${qdisc[@]}"
    qdisc[2]=to-$1
    tc qdisc "${qdisc[@]}"
}

status() {
    local address node link speed
    printf '%-6s %-12s %-8s %-5s %s\n' node address state link rate
    while read -r address node; do
        if node_pid "$node" >/dev/null 2>&1; then
            link=up
            ip -o link show "to-$node" | grep -q '[<,]UP[,>]' || link=down
            speed=$(tc qdisc show dev "to-$node" | sed -n 's/.* tbf .* rate \([^ ]*\).*/\1/p')
            printf '%-6s %-12s %-8s %-5s %s\n' "$node" "$address" running "$link" "${speed:--}"
        else
            printf '%-6s %-12s %-8s %-5s %s\n' "$node" "$address" crashed - -
        fi
    done <"$base/nodes.txt"
    if [ "$(cat "$base/kind")" = slurm ]; then
        echo
        SLURM_CONF=$base/etc/slurm.conf sinfo
    fi
}

case $verb in
boot | crash) "$verb" "$3" ;;
link)
    case ${4-} in
    up | down) ip link set "to-$3" "$4" ;;
    *) usage "link $3 up or down?" ;;
    esac
    ;;
rate)
    [[ ${4-} =~ ^([0-9.]+([kmgt]i?)?(bit|bps)|none)$ ]] || usage "rate '${4-}': 100mbit, 1gbit, ... or none"
    if [ "$3" = all ]; then
        while read -r _ node; do rate "$node" "$4"; done <"$base/nodes.txt"
    else
        rate "$3" "$4"
    fi
    ;;
status) status ;;
esac
