#!/bin/sh
# follow.sh PID CLUSTER.SH BASE: stops a cluster when a process has ended or the folder was removed. Ends if
# the cluster is already down.
lab=$(cat "$3/lab")
while [ -e "/proc/$1" ]; do
    if [ "$(cat "$3/lab" 2>/dev/null)" != "$lab" ]; then
        # Another process may have its pid by now, but not its namespace.
        [ "$(readlink "/proc/${lab% *}/ns/pid")" != "${lab#* }" ] || kill -KILL "${lab% *}"
        exit 0
    fi
    sleep 1
done
[ "$(cat "$3/lab" 2>/dev/null)" != "$lab" ] || exec "$2" -C "$3" down
