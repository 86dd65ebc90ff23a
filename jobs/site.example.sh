# shellcheck shell=bash
# What a site has to say, in one place: copy this to jobs/site.sh (git ignores it) and change the copy. The job scripts
# source it on the first node of a job, jobs/submit.sh and jobs/scaling.sh before they submit.

# The modules that the project was built with.
#module load gcc openmpi hdf5 hwloc

# Where jobs go; sbatch reads these itself.
#export SBATCH_PARTITION=main
#export SBATCH_ACCOUNT=project
#export SBATCH_QOS=normal

# How ranks are started: mpirun, or `srun --mpi=pmix` where the site's SLURM has it (`srun --mpi=list` tells).
export MPI_LAUNCH=${MPI_LAUNCH:-mpirun}

# How often a job goes back to the queue after a checkpoint or a lost node.
export MAX_RESTARTS=${MAX_RESTARTS:-3}

# Network interfaces that Open MPI's TCP should use, where it picks a wrong one.
#export OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0
