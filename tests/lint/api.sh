#!/bin/sh
# api.sh DOXYFILE HEADERS: the comments of the headers give no warning, and an undocumented function does.
# Exits 77 where Doxygen is missing.
set -eu
doxyfile=$1 headers=$2
if ! command -v doxygen >/dev/null || [ ! -e "$doxyfile" ]; then
    echo "skipped: no doxygen"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check HEADERS: runs Doxygen over a folder
check() {
    {
        cat "$doxyfile"
        printf '%s\n' "INPUT = $1" "OUTPUT_DIRECTORY = $work/out" "GENERATE_MAN = NO"
    } >"$work/Doxyfile"
    doxygen "$work/Doxyfile"
}

check "$headers"
mkdir "$work/planted"
{ cat "$headers/version.h" && echo "int tri_undocumented(int planted);"; } >"$work/planted/version.h"
if said=$(check "$work/planted" 2>&1); then
    echo "an undocumented function was not found" && exit 1
fi
case $said in
*tri_undocumented*) echo "api: every public function has a comment" ;;
*) echo "$said" && exit 1 ;;
esac
