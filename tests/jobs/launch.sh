#!/usr/bin/env bash
# launch.sh MPIEXEC...: what mpirun of Open MPI says after `. jobs/env.sh`: nothing after the error line of a
# program, but always why a program did not start or was killed. First with recorded banners of Open MPI 4.1
# and 5, then with each MPIEXEC and, where it is installed, with that in $TRIREME_PEERS/openmpi.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
jobs=$(cd "$here/../../jobs" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 3
command -v perl >/dev/null || exit 77
# shellcheck source=jobs/env.sh
. "$jobs/env.sh"
here_mpirun=$(command -v mpirun)
check_is "env.sh finds the wrapper" "$jobs/bin/mpirun" "$here_mpirun"

bar=--------------------------------------------------------------------------
banner() { printf '%s\n' "$bar" "$@" "$bar"; }

# says WHAT STATUS EXPECTED: an mpirun that prints the file `text` and ends with STATUS
says() {
    printf '#!/bin/sh\ncat %s >&2\nexit %s\n' "$work/text" "$2" >mpirun
    chmod +x mpirun
    check_is "$1" "${3:+$3$'\n'}status $2" "$(PATH=$jobs/bin:$work:$PATH mpirun 2>&1 >/dev/null
    echo "status $?")"
}
own="app: [rank 1] its own line"
four=$(banner "Primary job  terminated normally, but 1 process returned" \
    "a non-zero exit code. Per user-direction, the job has been aborted.")
four_status=$(banner "mpirun detected that one or more processes exited with non-zero status, thus causing" \
    "the job to be terminated. The first process to do so was:" "" "  Process name: [[1,1],0]" \
    "  Exit code:    4")
five=$(banner "prterun detected that one or more processes exited with non-zero status," \
    "thus causing the job to be terminated. The first process to do so was:" "" \
    "   Process name: [prterun-vm-1@1,0]" "   Exit code:    4")
abort=$(banner "MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD" "with errorcode 4.")
killed=$(banner "mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).")
memory="mpirun: SIGKILL ended a rank, often for lack of memory: fewer ranks on a node, or more memory"
table=$(banner "a table of the program")

printf '%s\n' "$four" "$own" "$four_status" >text
says "Open MPI 4.1, a status" 4 "$own"
printf '%s\n' "$own" "$five" >text
says "Open MPI 5, a status" 4 "$own"
printf '%s\n' "$abort" "$own" \
    '[vm:1] 1 more process has sent help message help-mpi-api.txt / mpi-abort' \
    '[vm:1] Set MCA parameter "orte_base_help_aggregate" to 0 to see all help / error messages' >text
says "MPI_Abort after a line" 4 "$own"
echo "$abort" >text
says "MPI_Abort without one" 4 "$abort"
printf '%s\n' "$four" "$killed" >text
says "a killed rank" 137 "$killed"$'\n'"$memory"
echo "$four" >text
says "a killed rank that Open MPI does not name" 137 "$memory"
says "a crashed one" 139 "mpirun: SIGSEGV ended a rank"
printf '%s\n[vm:7] a line\nno newline' "$table" >text
echo >>text
says "lines of others stay" 4 "$table"$'\n[vm:7] a line\nno newline'
check_is "no mpirun" "127" "$(PATH=$jobs/bin:/nowhere:$(dirname "$(command -v perl)") \
    status_of "$jobs/launch.sh" mpirun_nowhere)"

# with MPIRUN: the same from real ones
# shellcheck disable=SC2016 # expands in the rank
rank='${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}'
with() {
    local name out bin=$work/bin$RANDOM
    mkdir "$bin"
    # Open MPI 5 finds its own files by the folder of its name.
    printf '#!/bin/sh\nexec %q "$@"\n' "$1" >"$bin/mpirun"
    chmod +x "$bin/mpirun"
    name=$("$1" --version | head -n 1)
    real() { PATH=$jobs/bin:$bin:$PATH mpirun -np 2 "$@" 2>&1; }
    out=$(real ./redcue)
    check "$name: a typing error: '$out'" grep -q 'redcue' <<<"$out"
    out=$(real)
    check "$name: no program: '$out'" grep -qi 'no executable' <<<"$out"
    out=$(real sh -c 'kill -KILL $$')
    check_is "$name: its status" 137 $?
    check "$name: a killed rank: '$out'" grep -q 'lack of memory' <<<"$out"
    out=$(real sh -c "[ $rank = 0 ] || { echo $own >&2; exit 4; }; sleep 1000")
    check_is "$name: the program's status" 4 $?
    check_is "$name: only the program's line" "$own" "$(tr -d '\0' <<<"$out")"
    check_is "$name: standard input" "some words" \
        "$(echo some words | real sh -c "[ $rank = 1 ] || head -n 1" | tr -d '\0')"

    # Signals: to the process, and to its group as from a terminal
    local to pid started parent
    for to in process group; do
        rm -f started.*
        PATH=$jobs/bin:$bin:$PATH setsid mpirun -np 2 bash -c \
            "trap 'echo usr1; exit 75' USR1; : >started.$rank; while :; do sleep 0.1; done" >out 2>&1 &
        pid=$!
        until [ -e started.0 ] && [ -e started.1 ]; do sleep 0.05; done
        kill -USR1 -- "$([ $to = process ] || echo -)$pid"
        wait $pid
        check_is "$name: SIGUSR1 to its $to" 75 $?
    done
    rm -f started.*
    PATH=$jobs/bin:$bin:$PATH mpirun -np 1 bash -c 'echo $$ >started.0; exec sleep 1000' >out 2>&1 &
    pid=$!
    until [ -s started.0 ]; do sleep 0.05; done
    started=$(cat started.0)
    parent=$(ps -o ppid= -p "$started" | xargs)
    kill -KILL $pid
    wait $pid 2>/dev/null
    for ((i = 0; i < 600; i++)); do ! kill -0 "$parent" 2>/dev/null || sleep 0.1; done
    check "$name: SIGKILL ends mpirun" [ ! -e "/proc/$parent" ]
    kill -KILL "$started" 2>/dev/null
}
for mpirun in "$@" ${TRIREME_PEERS:+"$TRIREME_PEERS/openmpi/bin/mpirun"}; do
    [ ! -x "$mpirun" ] || with "$mpirun"
done
finish
