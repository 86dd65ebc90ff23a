# shellcheck shell=bash
# Sourced: fresh and inside, for systems of Debian in folders. Both need root.

# fresh SUITE FOLDER: a minimal Debian in the folder, unless one is there
fresh() {
    [ -e "$2/etc/debian_version" ] || debootstrap --variant=minbase "$1" "$2"
}

# inside FOLDER COMMAND...: in the system in FOLDER, with its own processes and mounts
inside() {
    # shellcheck disable=SC2016 # expands inside
    unshare -m -p -f -- sh -c '
        set -e
        system=$1
        shift
        mount -t proc proc "$system/proc"
        mount -t sysfs sys "$system/sys"
        mount --rbind /dev "$system/dev"
        mount -t tmpfs shm "$system/dev/shm"
        cp /etc/resolv.conf "$system/etc/resolv.conf"
        exec chroot "$system" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/root TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' sh "$@"
}
