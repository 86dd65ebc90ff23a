#!/usr/bin/env bash
# packaging/debian.sh build OUT: builds the Debian packages of the commit HEAD into the folder OUT, and runs
# lintian where it is installed. It needs what packaging/debian/control names in Build-Depends.
#
# packaging/debian.sh use SUITE FOLDER: the second half of `try` alone, with the packages that it has built.
#
# packaging/debian.sh try SUITE FOLDER: as root, in two fresh Debian systems of the suite (bookworm, trixie)
# that debootstrap makes below FOLDER, which may keep them for the next time: builds in one; in the other one
# installs the packages, runs the programs, the manual pages and a user's program (debian/tests), removes all
# of it, and fails if a file or package is left.
set -euo pipefail
root=$(cd "${0%/*}/.." && pwd)
# shellcheck source=packaging/system.sh
. "$root/packaging/system.sh"
version=$(sed -n 's/^project(trireme VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")

build() {
    local out work
    mkdir -p "$1"
    out=$(cd "$1" && pwd)
    work=$(mktemp -d)
    git -C "$root" archive --format=tar.gz --prefix="trireme-$version/" \
        -o "$work/trireme_$version.orig.tar.gz" HEAD
    tar -C "$work" -xf "$work/trireme_$version.orig.tar.gz"
    cp -r "$work/trireme-$version/packaging/debian" "$work/trireme-$version/debian"
    (cd "$work/trireme-$version" && dpkg-buildpackage -us -uc)
    rm -rf "$work/trireme-$version"
    cp "$work"/* "$out"
    rm -rf "$work"
    ! command -v lintian >/dev/null || lintian --fail-on error --allow-root "$out"/*.changes
}

try() {
    local builder=$2/$1-build packages=$2/$1-packages
    mkdir -p "$2"
    fresh "$1" "$builder"
    rm -rf "$packages" "$builder/root/trireme"
    mkdir -p "$packages"
    git clone -q "$root" "$builder/root/trireme"
    inside "$builder" sh -ec '
        apt-get -q update >/dev/null
        apt-get -q -y install --no-install-recommends build-essential debhelper git lintian >/dev/null
        cd /root/trireme
        rm -rf debian && cp -r packaging/debian debian
        apt-get -q -y build-dep --no-install-recommends ./ >/dev/null
        rm -rf debian /root/packages
        packaging/debian.sh build /root/packages'
    cp "$builder"/root/packages/* "$packages"
    use "$@"
}

use() {
    local user=$2/$1-user packages=$2/$1-packages
    fresh "$1" "$user"
    rm -rf "$user/root/packages"
    cp -r "$packages" "$user/root/packages"
    # shellcheck disable=SC2016 # expands inside
    inside "$user" sh -ec '
        apt-get -q update >/dev/null
        # What users have: a compiler and man.
        apt-get -q -y install --no-install-recommends build-essential man-db pkgconf >/dev/null
        all() {
            find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /root/packages \
                -o -path /var/cache/man \) \
                -prune -o -print | sort
        }
        dpkg-query -W | sort >/tmp/packages.before
        all | grep trireme >/tmp/files.before || true
        apt-get -q -y install --no-install-recommends /root/packages/*.deb >/tmp/install.log
        dpkg-query -L libtrireme0.1 trireme libtrireme-dev trireme-doc | sort | uniq -d >/dev/null
        cd /root
        rm -rf tests && mkdir tests && cd tests
        for package in $(ls /root/packages/trireme_*.debian.tar.*); do tar -xf "$package"; done
        for test in programs consumer; do sh -e debian/tests/$test; done
        trireme --version
        apt-get -q -y purge trireme libtrireme0.1 libtrireme-dev trireme-doc >/dev/null
        apt-get -q -y autoremove --purge >/dev/null
        cd / && rm -rf /root/tests
        dpkg-query -W | sort | diff /tmp/packages.before -
        all | grep trireme | diff /tmp/files.before - && echo "nothing is left"'
}

case ${1-} in
build) build "${2:?a folder}" ;;
try | use) "$1" "${2:?a suite}" "${3:?a folder}" ;;
*)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
