#!/bin/sh
# own_tmp.sh COMMAND...: runs the command with a TMPDIR of its own and removes that. Open MPI keeps one folder
# for all runs of a user in TMPDIR and removes it after the last one: runs side by side race for it.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/trireme.XXXXXX") || exit 3
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
"$@"
