# shellcheck shell=bash
# The settings of a site. Copy this to jobs/site.sh (git ignores it) and change the copy. The job scripts
# source it on the first node of a job, jobs/submit.sh and jobs/scaling.sh before they submit.

# The modules with which the project was built.
#module load gcc openmpi hdf5 hwloc

# Where jobs run; sbatch reads these variables.
#export SBATCH_PARTITION=main
#export SBATCH_ACCOUNT=project
#export SBATCH_QOS=normal

# The launcher: mpirun, or `srun --mpi=pmix` if the site's SLURM supports it (`srun --mpi=list` shows it).
export MPI_LAUNCH=${MPI_LAUNCH:-mpirun}

# How often a job is requeued after a checkpoint or a lost node.
export MAX_RESTARTS=${MAX_RESTARTS:-3}

# Network interfaces for Open MPI's TCP, if it picks a wrong one.
#export OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0
