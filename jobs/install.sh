#!/usr/bin/env bash
# jobs/install.sh USE...: installs the missing Debian packages of these uses (column 2 of jobs/packages.txt).
#
# Exit status: 0 all that the build needs is installed, 3 something is missing and cannot be installed.
set -euo pipefail

say() { echo "install.sh: $*" >&2; }

# Without a way to install packages, the presence of the tools decides.
can_build() {
    local tool
    for tool in cc cmake ninja pkg-config mpicc mpirun; do
        command -v "$tool" >/dev/null || return 1
    done
}

mapfile -t packages < <(for use; do
    awk -v use="$use" '!/^#/ && $2 == use { print $1 }' "${0%/*}/packages.txt"
done)

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    can_build && exit 0
    say "this is not a Debian system; install the equivalent of these packages and retry: ${packages[*]}"
    exit 3
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || true
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        if can_build; then
            say "neither root nor sudo: continuing without ${missing[*]}"
            exit 0
        fi
        say "neither root nor sudo; ask an administrator for: apt-get install ${missing[*]}"
        exit 3
    fi
    as_root=(sudo)
fi

say "apt-get install ${missing[*]}"
# Some packages contain daemons, which only the test clusters use: do not start them on this machine.
# shellcheck disable=SC2016 # expands in the inner shell
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c '
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap "rm -f $policy" EXIT
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod +x "$policy"
    fi
    apt-get -q update >/dev/null
    # Skip packages that this release of Debian does not have.
    for package; do
        shift
        if apt-cache show "$package" >/dev/null 2>&1; then
            set -- "$@" "$package"
        else
            echo "install.sh: this release has no package $package" >&2
        fi
    done
    [ $# -eq 0 ] || apt-get -q -y install --no-install-recommends "$@" >/dev/null' sh "${missing[@]}"; then
    say "apt-get failed"
    exit 3
fi
