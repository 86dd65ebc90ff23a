# shellcheck shell=bash
# Sourced by job scripts that have set root: sets apps, the folder of the programs. An installation has the
# link root/programs, a source tree has a build folder.
apps=${TRIREME_APPS:-$root/programs}
[ -d "$apps" ] || apps=$root/build/apps
