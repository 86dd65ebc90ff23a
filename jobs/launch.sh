#!/bin/sh
# launch.sh COMMAND...: executes the command. If it is an mpirun and there is perl, launch.pl runs it, which
# takes out of its standard error what only repeats that a program has failed.
case ${1##*/} in
mpirun* | mpiexec* | orterun | prterun)
    ! command -v perl >/dev/null || exec perl "${0%/*}/launch.pl" "$@"
    ;;
esac
exec "$@"
