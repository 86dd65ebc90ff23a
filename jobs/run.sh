#!/bin/sh
# jobs/run.sh LAUNCHER NP COMMAND...: runs the command on NP ranks in the environment of jobs/env.sh.
# The tests use it.
set -eu
. "$(dirname "$0")/env.sh"
launcher=$1 ranks=$2
shift 2
exec "${0%/*}/launch.sh" "$launcher" -n "$ranks" "$@" </dev/null
