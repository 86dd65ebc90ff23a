#!/usr/bin/env bash
# packaging/apptainer/try.sh FOLDER: as root, without Apptainer: runs the sections %post and %test of
# trireme.def on the files of the commit HEAD, in a Debian 12 that debootstrap makes in FOLDER.
set -euo pipefail
here=$(cd "${0%/*}" && pwd)
folder=${1:?a folder}
# shellcheck source=packaging/system.sh
. "$here/../system.sh"

# section NAME: its lines
section() {
    awk -v name="%$1" '/^%/ { on = $1 == name; next } on' "$here/trireme.def"
}

fresh bookworm "$folder"
rm -rf "$folder/opt/src/trireme" "$folder/opt/build"
mkdir -p "$folder/opt/src"
git clone -q "$here/../.." "$folder/opt/src/trireme"
section post >"$folder/root/post.sh"
section test >"$folder/root/test.sh"
inside "$folder" sh -e /root/post.sh
inside "$folder" sh -e /root/test.sh
