#!/bin/sh
# follow.sh PID CLUSTER.SH BASE: takes a cluster down when a process has ended, or somebody has removed its folder; ends by
# itself where it went down before.
lab=$(cat "$3/lab")
while [ -e "/proc/$1" ]; do
    if [ "$(cat "$3/lab" 2>/dev/null)" != "$lab" ]; then
        # The number of its first process may be another's by now; its namespace is not.
        [ "$(readlink "/proc/${lab% *}/ns/pid")" != "${lab#* }" ] || kill -KILL "${lab% *}"
        exit 0
    fi
    sleep 1
done
[ "$(cat "$3/lab" 2>/dev/null)" != "$lab" ] || exec "$2" -C "$3" down
