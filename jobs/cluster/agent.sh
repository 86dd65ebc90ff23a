#!/bin/sh
# agent.sh BASE [OPTION...] NODE WORD...: replaces ssh for mpirun on head. The shell on the node runs the
# words.
base=$1
shift
while :; do
    case $1 in
    -*) shift ;;
    *) break ;;
    esac
done
node=$1
shift
exec "${0%/*}/on.sh" "$base" "$node" "" "$PWD" sh -c "$*"
