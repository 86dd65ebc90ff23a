#!/usr/bin/env bash
# local.sh: jobs/local.sh says what it builds, with cmake and ctest that only note how they are called.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/jobs/bin" "$work/bin" "$work/build"
cp "$here"/../../jobs/{local,env}.sh "$work/jobs"
printf '#!/bin/sh\n' | tee "$work/jobs/install.sh" "$work/bin/ctest" >/dev/null
cat >"$work/bin/cmake" <<'END'
#!/bin/bash
if [[ " $* " == *" -n "* ]]; then
    for ((k = 1; k <= STEPS; k++)); do echo "[$k/$STEPS] Building C object"; done
else
    echo "cmake $* status=${NINJA_STATUS-}" >>"$NOTES"
fi
END
chmod +x "$work"/bin/* "$work"/jobs/*.sh
export NOTES=$work/notes PATH=$work/bin:$PATH

# try STEPS: runs it; its standard error goes to $work/err
try() {
    : >"$NOTES"
    STEPS=$1 "$work/jobs/local.sh" test 2>"$work/err" >&2
}

touch -d '+1 hour' "$work/build/build.ninja"
try 50
check_is "a long build is announced" "local.sh: building all: 50 steps" "$(cat "$work/err")"
check "quietly without a terminal" grep -q -- '--build build --target all -- --quiet' "$NOTES"
try 3
check_is "a short one is not" "" "$(cat "$work/err")"
if command -v script >/dev/null; then
    : >"$NOTES"
    STEPS=50 script -qec "$work/jobs/local.sh test" /dev/null >"$work/err"
    check "on a terminal ninja shows its steps" \
        grep -q 'target all -- status=local.sh: building %f/%t' "$NOTES"
fi
finish
