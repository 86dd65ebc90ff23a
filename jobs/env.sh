# shellcheck shell=sh
# Source this file in bash, dash or zsh; plain `mpirun -np 8 ./apps/reduce` then works in this shell.
#
#     . jobs/env.sh
#
# It sets variables and does nothing else. A variable that is set already keeps its value. Each MPI library reads its
# own names and none of the others' (OMPI_: Open MPI; PRTE_: the launcher of Open MPI 5), so they are all set and no
# launcher has to be asked. MPICH needs none: Hydra has no slots, allows root and binds nothing.

# hwloc's OpenCL plug-in loads PoCL into every process that looks at the machine; its LLVM takes SIGUSR1 away from
# mpirun, and every start waits for its loading.
export HWLOC_COMPONENTS="${HWLOC_COMPONENTS--opencl}"

# Open MPI's own MPI-IO can hang under parallel HDF5 1.10 (HDFGroup/hdf5 issue 1227); ROMIO, which it carries, does not.
# It is named by its version (romio321, romio341), so the other one is named, and excluded.
export OMPI_MCA_io="${OMPI_MCA_io-^ompio}"

# Open MPI 5 asks the kernel which addresses reach each other, gets no answer for some that IPv6 gives to every machine,
# and prints a line for each pair of ranks. By their subnets, as Open MPI 4 goes, all are found.
export OMPI_MCA_reachable="${OMPI_MCA_reachable-weighted}"

# A program that ends with a status other than 0 has said why. mpirun passes the status on and adds no banner.
export OMPI_MCA_orte_execute_quiet="${OMPI_MCA_orte_execute_quiet-1}"
export PRTE_MCA_prte_execute_quiet="${PRTE_MCA_prte_execute_quiet-1}"

# Open MPI refuses to start as root unless it is told twice. In a container root is the usual user.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# What follows serves a machine with fewer cores than ranks. In a SLURM allocation the scheduler has given each rank
# its cores, and its limits and binding are right as they are, unless the first node (this one) was asked to hold more
# tasks than it has cores. A list of tasks looks like "4(x2),3"; nproc would take OMP_NUM_THREADS for the cores.
if [ -z "${SLURM_JOB_ID-}" ] || [ "$(echo "${SLURM_TASKS_PER_NODE:-1}" | sed 's/[^0-9].*//')" -gt \
    "$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)" ]; then
    # More ranks than slots are allowed.
    export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe-1}"
    export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy-:oversubscribe}"

    # A waiting rank gives its core away: with 8 ranks on 2 cores an 8-byte allreduce takes 15 us with it and 25 ms
    # without; on free cores it costs a fraction of a microsecond.
    export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle-1}"

    # mpirun binds no rank: it would put all threads of one rank on one core, and ranks of two mpiruns on the same
    # one. The programs place their own ranks and threads.
    export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy-none}"
    export PRTE_MCA_hwloc_default_binding_policy="${PRTE_MCA_hwloc_default_binding_policy-none}"
fi
