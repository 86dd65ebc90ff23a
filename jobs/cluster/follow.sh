#!/bin/sh
# follow.sh PID CLUSTER.SH BASE: takes a cluster down when a process has ended; ends by itself where it went down before.
lab=$(cat "$3/lab")
while [ -e "/proc/$1" ]; do
    [ "$(cat "$3/lab" 2>/dev/null)" = "$lab" ] || exit 0
    sleep 1
done
[ "$(cat "$3/lab" 2>/dev/null)" != "$lab" ] || exec "$2" -C "$3" down
