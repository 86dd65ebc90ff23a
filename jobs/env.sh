# shellcheck shell=sh
# Source this file in bash, dash or zsh; plain `mpirun -np 8 ./apps/reduce` then works in this shell.
#
#     . jobs/env.sh
#
# It only sets variables. A variable that is already set keeps its value; PATH gets one more folder. Each MPI
# library reads its own names only (OMPI_: Open MPI; PRTE_: the launcher of Open MPI 5; I_MPI_: Intel MPI), so
# all of them are set without detecting the launcher. MPICH needs none: Hydra has no slots, allows root and
# does not bind.

# hwloc's OpenCL plug-in loads PoCL into every process that inspects the machine. This delays every start, and
# LLVM in PoCL takes over SIGUSR1, which mpirun needs.
export HWLOC_COMPONENTS="${HWLOC_COMPONENTS--opencl}"

# Open MPI's MPI-IO (ompio) can hang under parallel HDF5 1.10 (HDFGroup/hdf5 issue 1227); the ROMIO that comes
# with it does not. ROMIO's name contains a version (romio321, romio341), so ompio is excluded instead.
export OMPI_MCA_io="${OMPI_MCA_io-^ompio}"

# Open MPI 5 asks the kernel which addresses are reachable. For some IPv6 addresses it gets no answer and
# prints a line for each pair of ranks. Comparing subnets, as in Open MPI 4, finds all of them.
export OMPI_MCA_reachable="${OMPI_MCA_reachable-weighted}"

# Open MPI does not start as root without both variables. In a container root is the usual user.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# The rest is for machines with fewer cores than ranks. In a SLURM allocation the scheduler assigns cores to
# ranks, and its limits and binding stay, unless the first node (this one) has more tasks than cores. A list
# of tasks looks like "4(x2),3". nproc would return OMP_NUM_THREADS instead of the cores.
if [ -z "${SLURM_JOB_ID-}" ] || [ "$(echo "${SLURM_TASKS_PER_NODE:-1}" | sed 's/[^0-9].*//')" -gt \
    "$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)" ]; then
    # Allow more ranks than slots.
    export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe-1}"
    export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy-:oversubscribe}"

    # A waiting rank yields its core. With 8 ranks on 2 cores an 8-byte allreduce takes 15 us with it and 25
    # ms without. On free cores it costs a fraction of a microsecond.
    export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle-1}"

    # No binding by mpirun: it would bind all threads of a rank to one core, and ranks of two jobs to the same
    # core. The programs place their ranks and threads themselves.
    export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy-none}"
    export PRTE_MCA_hwloc_default_binding_policy="${PRTE_MCA_hwloc_default_binding_policy-none}"
    export I_MPI_PIN="${I_MPI_PIN-off}"
fi

# Under its name in bin/, mpirun leaves out the banner that follows the error line of a program. The folder of
# this file is known to bash and zsh; dash has the file open.
# shellcheck disable=SC3028 # empty in other shells
trireme_env=${BASH_SOURCE-}
[ -z "${ZSH_VERSION-}" ] || trireme_env=$0
if [ -z "$trireme_env" ]; then
    read -r trireme_env _ </proc/self/stat
    trireme_env=$(readlink "/proc/$trireme_env/fd/"* | grep '/jobs/env\.sh$' | head -n 1)
fi
trireme_env=$(cd "${trireme_env%/*}" 2>/dev/null && pwd)/bin
case :$PATH: in
*":$trireme_env:"*) ;;
*) [ ! -x "$trireme_env/mpirun" ] || PATH=$trireme_env:$PATH ;;
esac
unset trireme_env
