#!/usr/bin/env bash
# env.sh: the variables that jobs/env.sh sets, in each installed shell, with and without a SLURM allocation.
set -uo pipefail
here=$(cd "${0%/*}" && pwd)
# shellcheck source=tests/jobs/check.sh
. "$here/check.sh"
top=$(cd "$here/../.." && pwd)
env_sh=$top/jobs/env.sh

# sets SHELL [NAME=VALUE...]: the variables after sourcing it in an otherwise empty environment, sorted
sets() {
    env -i PATH="$PATH" "${@:2}" "$1" -euc ". '$env_sh' && env" | grep -E '^(OMPI|PRTE|HWLOC|I_MPI)_' |
        grep -v ALLOW_RUN_AS_ROOT | sort
}
always=$(printf '%s\n' HWLOC_COMPONENTS=-opencl OMPI_MCA_io=^ompio OMPI_MCA_reachable=weighted)
small=$(printf '%s\n' "$always" I_MPI_PIN=off OMPI_MCA_hwloc_base_binding_policy=none \
    OMPI_MCA_mpi_yield_when_idle=1 \
    OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_hwloc_default_binding_policy=none \
    PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe | sort)

for shell in bash dash zsh; do
    command -v $shell >/dev/null || continue
    check_is "$shell, no SLURM" "$small" "$(sets $shell)"
    check_is "$shell, an allocation with enough cores" "$always" \
        "$(sets $shell SLURM_JOB_ID=1 'SLURM_TASKS_PER_NODE=1(x2),9999')"
    check_is "$shell, one with too few" "$small" \
        "$(sets $shell SLURM_JOB_ID=1 'SLURM_TASKS_PER_NODE=9999(x2)')"
    check_is "$shell, threads are not cores" "$small" \
        "$(sets $shell SLURM_JOB_ID=1 SLURM_TASKS_PER_NODE=9999 OMP_NUM_THREADS=99999)"
    check_is "$shell, a value of the user stays" "OMPI_MCA_mpi_yield_when_idle=0" \
        "$(sets $shell OMPI_MCA_mpi_yield_when_idle=0 | grep yield)"
    check_is "$shell, an empty one too" "HWLOC_COMPONENTS=" "$(sets $shell HWLOC_COMPONENTS= | grep HWLOC)"
    for folder in . jobs /; do
        check_is "$shell, mpirun from $folder" "$top/jobs/bin/mpirun" \
            "$(cd "$top/$folder" && env -i PATH="$PATH" $shell -euc ". $(realpath --relative-to=. "$env_sh" |
                sed 's,^[^/]*$,./&,') && command -v mpirun")"
    done
    check_is "$shell, PATH grows once" 1 "$(env -i PATH="$PATH" $shell -euc \
        ". '$env_sh' && . '$env_sh' && echo \"\$PATH\"" | tr : '\n' | grep -c '/jobs/bin$')"
    check_is "$shell, nothing but variables" "" \
        "$(env -i PATH="$PATH" $shell -uc "set -- kept; . '$env_sh'; [ \"\$1\" = kept ] || echo arguments" \
        2>&1)"
done
finish
