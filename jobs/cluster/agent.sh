#!/bin/sh
# agent.sh BASE [OPTION...] NODE WORD...: ssh to the nodes, for mpirun on head: the words are a line for the shell there.
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
