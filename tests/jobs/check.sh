# shellcheck shell=bash
# Common functions of the scripts in this folder; source it. check WHAT COMMAND... counts, finish ends the
# script.
checks=0 failures=0

check() {
    checks=$((checks + 1))
    if ! "${@:2}"; then
        failures=$((failures + 1))
        echo "FAILED: $1: ${*:2}" >&2
    fi
}
# check_is WHAT EXPECTED FOUND
check_is() { check "$1: '$3', not '$2'" [ "$2" = "$3" ]; }
# status_of COMMAND...: prints its exit status and discards its output
status_of() { "$@" >/dev/null 2>&1 && echo 0 || echo $?; }

finish() {
    echo "$checks checks, $failures failed"
    [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
    exit
}
