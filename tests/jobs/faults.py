#!/usr/bin/env python3
"""faults.py APPS TRIES [SEED]: heat as a job that loses a node, a cable or a rank at random moments.

The job ends, or goes back to the queue and ends, within the times that are configured; it resumes from the
last checkpoint; its last field has the bits of a run that nobody disturbed; every file of a final name is
whole. Prints a table of the faults. Exit status: 1 where one was not survived, 77 where no cluster can be
raised.
"""
import glob
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import h5py
except ModuleNotFoundError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
STEPS, EVERY = 3000, 500
HEAT = [f"{ROOT}/jobs/program.sbatch", "heat", "--points", "1000x800", "--initial", "gauss", "--steps", STEPS,
        "--threads", 1,
        "--energy-every", 50]
# jobs/cluster/slurm.sh and jobs/job.sh: a node is given up when it has not answered for SlurmdTimeout, 5 s,
# which a ping finds; srun ends the ranks beside a killed one after SLURM_WAIT; a job that goes back to the
# queue waits there for cred_expire, 5 s. The rest is for a machine that has other work.
SLURM_WAIT, BACK_WITHIN_S, END_WITHIN_S = 5, 300, 900
FAULTS = ("crash", "link", "kill")


class Cluster:
    def __init__(self, folder, apps):
        self.script = [f"{ROOT}/jobs/cluster.sh", "-C", f"{folder}/c"]
        self.home = f"{folder}/c/home"
        self.env = {**os.environ, "TRIREME_ROOT": ROOT, "TRIREME_APPS": apps, "SLURM_WAIT": str(SLURM_WAIT)}

    def __call__(self, *words, check=True, **env):
        done = subprocess.run([*self.script, *map(str, words)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600,
                              cwd=self.home if os.path.exists(self.home) else None, env={**self.env, **env})
        assert not check or done.returncode == 0, (words, done.stderr)
        return done

    def submit(self, name, launcher, *words):
        done = self("sbatch", "--parsable", f"--job-name={name}", f"--output={name}.out", *words,
                    MPI_LAUNCH=launcher)
        return done.stdout.strip().split(";")[0]

    def job(self, number):
        """The job as scontrol shows it. The controller may be busy with a lost node."""
        for _ in range(20):
            words = dict(re.findall(r"(\w+)=(\S*)", self("scontrol", "show", "job", number,
                                                         check=False).stdout))
            if words:
                return words
            time.sleep(0.5)
        raise AssertionError(f"job {number} is not shown")

    def wait(self, number, until, limit_s):
        """Seconds until `until` is true for the job; None: longer than limit_s."""
        start = time.time()
        while time.time() - start < limit_s:
            if until(self.job(number)):
                return time.time() - start
            time.sleep(0.1)
        return None

    def mend(self, node):
        """Restarts a crashed or disconnected node, because the next try needs all nodes."""
        self("crash", node, check=False)
        self("boot", node)
        start = time.time()
        while self("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").stdout.split() != ["n1", "n2", "n3"]:
            assert time.time() - start < 600, self("sinfo", "-N", "-l").stdout
            time.sleep(0.2)


def ended(job):
    return job["JobState"] not in ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED", "NODE_FAIL")


def rows(path, key):
    with open(path) as log:
        return [line.split()[1] for line in log if line.split()[:1] == [key]]


def step_of(path):
    """The step of a checkpoint, which may be replaced concurrently; 0: there is none."""
    if not os.path.exists(path):
        return 0
    with h5py.File(path, "r", locking=False) as file:
        assert file.attrs["complete"] == 1
        return int(file["checkpoint/step"][()])


class Try:
    """One job with one fault."""

    def __init__(self, cluster, number, rng):
        self.cluster, self.rng, self.name = cluster, rng, f"try{number}"
        self.fault, self.launcher = FAULTS[number % 3], ("mpirun", "srun --mpi=pmix")[number % 2]
        self.path, self.broken = f"{cluster.home}/{self.name}.h5", None

    def running(self, node):
        return self.cluster("run", "--root", "--on", node, "pgrep", "-x", "heat", check=False).stdout.split()

    def wait_for_the_moment(self, interval_s):
        """Waits for the start or a random checkpoint, then up to one checkpoint interval."""
        after, share = self.rng.randrange(STEPS // EVERY - 1) * EVERY, self.rng.random()
        deadline = time.time() + END_WITHIN_S
        while not any(self.running(node) for node in ("n1", "n2", "n3")):
            assert time.time() < deadline, "the job does not begin"
        self.begun = time.time()
        while step_of(self.path) < after:
            assert time.time() < deadline, "no checkpoint"
            time.sleep(0.02)
        time.sleep(share * (interval_s if not after else self.interval_s(interval_s)))

    def interval_s(self, usual_s):
        """Between the last two checkpoints, or the start and the first. While a checkpoint is replaced, both
        names are one file: then the usual interval."""
        before = os.stat(self.path + ".prev").st_mtime if os.path.exists(self.path + ".prev") else self.begun
        return os.stat(self.path).st_mtime - before or usual_s

    def steps_lost(self, kept, fault_s, interval_s):
        """Steps after the checkpoint `kept` until the fault, at the rate of the steps before it."""
        if kept:
            since_s, interval_s = fault_s - os.stat(self.path).st_mtime, self.interval_s(interval_s)
        else:
            since_s = fault_s - self.begun
        return max(0.0, min(EVERY, since_s / interval_s * EVERY))

    def disturb(self):
        job = self.cluster.job(self.number)
        nodes = self.cluster("scontrol", "show", "hostnames", job["NodeList"]).stdout.split()
        node = self.node = self.rng.choice(nodes)
        if self.fault == "kill":
            self.what = "a rank is killed"
            self.cluster("run", "--root", "--on", node, "kill", "-KILL", self.rng.choice(self.running(node)))
            return
        self.broken = node
        if self.fault == "crash":
            self.what = "the first node crashes" if node == job["BatchHost"] else "another node crashes"
            self.cluster("crash", node)
        else:
            self.what = "a cable is pulled"
            self.cluster("link", node, "down")

    def run(self, field, interval_s):
        """Returns a text that says what went wrong, or None."""
        c = self.cluster
        self.number = c.submit(self.name, self.launcher, "--nodes=2", "--ntasks-per-node=2", *HEAT,
                               "--checkpoint", f"{self.name}.h5", "--checkpoint-every", EVERY)
        self.wait_for_the_moment(interval_s)
        start = time.time()
        self.disturb()
        # A job that waits has no rank that could write; the checkpoint is the one to resume from.
        if c.wait(self.number, lambda j: j["JobState"] == "PENDING" or int(j["Restarts"]) or ended(j),
                  BACK_WITHIN_S) is None:
            return f"nothing happened within {BACK_WITHIN_S} s"
        kept = self.kept = step_of(self.path)
        self.lost = self.steps_lost(kept, start, interval_s)
        if c.wait(self.number, lambda j: j["JobState"] == "RUNNING" or ended(j), BACK_WITHIN_S) is None:
            return f"not back at work within {BACK_WITHIN_S} s"
        self.back_s = time.time() - start
        if c.wait(self.number, ended, END_WITHIN_S) is None:
            return f"not ended within {END_WITHIN_S} s"
        job, log = c.job(self.number), f"{c.home}/{self.name}.out"
        self.restarts = int(job["Restarts"])
        if (job["JobState"], job["ExitCode"]) != ("COMPLETED", "0:0") or not self.restarts:
            return f"{job['JobState']} {job['ExitCode']} after {self.restarts} restarts"
        if set(rows(log, "field")) != {field}:  # twice if the run ended before the fault
            return f"other bits: {rows(log, 'field')}"
        if self.restarts == 1 and rows(log, "resumed") != ([str(kept)] if kept else []):
            return f"resumed from {rows(log, 'resumed')}, not {kept}"
        return None


def broken_files(home):
    """Files under a final name that are not complete."""
    found = []
    for path in glob.glob(f"{home}/**/*.h5", recursive=True) + glob.glob(f"{home}/*.h5.prev"):
        try:
            with h5py.File(path, "r") as file:
                if file.attrs["complete"] != 1:
                    found.append(path)
        except OSError as why:
            found.append(f"{path}: {why}")
    return found


def table(tries):
    print(f"{'fault':24} {'tries':>5} {'survived':>8}  {'lost steps':>12}  {'back after':>12}")
    for what in sorted({t.what for t in tries}):
        those = [t for t in tries if t.what == what]
        good = [t for t in those if t.wrong is None]
        columns = [(statistics.median(values), max(values)) if good else (0, 0)
                   for values in ([t.lost for t in good], [t.back_s for t in good])]
        print(f"{what:24} {len(those):5} {len(good):8}  "
              f"{columns[0][0]:5.0f} ({columns[0][1]:.0f})".ljust(54) +
              f"  {columns[1][0]:5.1f} s ({columns[1][1]:.1f})")
    print("median and (most); a checkpoint every %d of %d steps" % (EVERY, STEPS))


def main(apps, count, seed=1):
    rng, tries = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        cluster = Cluster(folder, apps)
        try:
            up = cluster("up", 3, "--while", os.getpid(), check=False)
            if up.returncode == 77:
                print(up.stderr)
                return 77
            assert up.returncode == 0, up.stderr
            alone = cluster.submit("alone", "mpirun", "--nodes=1", "--ntasks-per-node=1", *HEAT)
            assert cluster.wait(alone, ended, END_WITHIN_S) is not None
            field = rows(f"{cluster.home}/alone.out", "field")[0]
            with h5py.File(glob.glob(f"{cluster.home}/results/heat-*.h5")[0], "r") as file:
                interval_s = file["timing/run"][()].max() / STEPS * EVERY
            for number in range(count):
                one = Try(cluster, number, rng)
                one.wrong = one.run(field, interval_s)
                tries.append(one)
                print(f"{one.name}: {one.what} on {one.node}, {one.launcher}: " + (one.wrong or
                      f"checkpoint {one.kept}, {one.lost:.0f} steps lost, "
                      f"back after {one.back_s:.1f} s, {one.restarts} restarts"),
                      flush=True)
                if one.wrong:
                    print(open(f"{cluster.home}/{one.name}.out").read())
                    cluster("scancel", one.number, check=False)
                if one.broken:
                    cluster.mend(one.broken)
            broken = broken_files(cluster.home)
        finally:
            cluster("down")
    table(tries)
    for line in broken:
        print(f"broken: {line}")
    return 1 if broken or any(t.wrong for t in tries) else 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        print(__doc__)
        sys.exit(2)
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
