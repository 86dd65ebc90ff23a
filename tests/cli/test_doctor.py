"""doctor against planted faults: each is named, with its cure, and with the right exit status."""
import json
import os
import re
import shutil
import subprocess

import pytest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ["TRIREME_BUILD"]
LAUNCHER = os.environ["TRIREME_LAUNCHER"]
FAMILY = os.environ["TRIREME_MPI_FAMILY"]
DOCTOR = os.path.join(BUILD, "apps", "doctor")
CHECKS = ["mpi", "launch", "binding", "cores", "memory", "limits", "opencl", "hdf5", "results", "tmp", "shm",
          "cma", "network", "clock"]
needs_opencl = pytest.mark.skipif(os.environ["TRIREME_ABSENT"].find("gpu") >= 0,
                                  reason="a build without OpenCL")
needs_hdf5 = pytest.mark.skipif(os.environ["TRIREME_ABSENT"].find("store") >= 0,
                                reason="a build without HDF5")
needs_hwloc = pytest.mark.skipif(os.environ["TRIREME_ABSENT"].find("place") >= 0,
                                 reason="a build without hwloc")
# A sanitizer's runtime must be the first library in a process.
needs_preload = pytest.mark.skipif(os.environ["TRIREME_SANITIZE"] != "", reason="LD_PRELOAD and a sanitizer")


def user_environment():
    """The environment of a shell after `. jobs/env.sh`."""
    script = f". {SOURCE}/jobs/env.sh; env -0"
    out = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in out.split("\0") if "=" in line)


ENVIRONMENT = user_environment()


def run(command, cwd, timeout=1000, **variables):
    """Runs a command; a variable that is None is taken out of the environment."""
    environment = {**ENVIRONMENT, **variables}
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run([str(word) for word in command], cwd=cwd, env=environment, timeout=timeout,
                          text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def mpirun(ranks, *command):
    return [os.path.join(SOURCE, "jobs", "launch.sh"), LAUNCHER, "-n", ranks, *command]


def namespace(script, *command, flags=("--mount",)):
    """A command that runs `script` as root in namespaces of its own, then `command`; skips where that is not
    allowed."""
    enter = ["unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), *flags, "sh", "-ec"]
    if subprocess.run([*enter, script], capture_output=True, check=False).returncode:
        pytest.skip("namespaces like these are not allowed here")
    return [*enter, f'{script}; exec "$@"', "sh", *command]


def shared_library(folder, name, text):
    """A library compiled from C, to be put in front of a real one."""
    if not shutil.which("cc"):
        pytest.skip("no compiler")
    source, path = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(text)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path, source], check=True)
    return str(path)


class Page:
    """What `doctor --json` says, started by a command that ends with it."""

    def __init__(self, command, cwd, *options, **variables):
        done = run([*command, *options, "--json"], cwd, **variables)
        self.status, self.errors = done.returncode, done.stderr
        assert done.stdout, f"no page, status {done.returncode}: {done.stderr}"
        self.all = json.loads(done.stdout)
        self.by_check = {}
        for verdict in self.all["verdicts"]:
            self.by_check.setdefault(verdict["check"], []).append(verdict)

    def expect(self, check, verdict, text, cure):
        """One verdict of the check has this word, this in its text and this in its cure."""
        found = self.by_check.get(check, [])
        assert any(v["verdict"] == verdict and text in v["text"] and cure in (v["cure"] or "")
                   for v in found), found


def test_alone(tmp_path):
    page = Page([DOCTOR], tmp_path)
    assert page.status == (3 if page.all["failures"] else 0)
    assert [v["check"] for v in page.all["verdicts"]] == CHECKS
    assert all(v["cure"] for v in page.all["verdicts"] if v["verdict"] not in ("ok",))
    assert page.by_check["mpi"][0]["verdict"] == "ok"
    words = [v["verdict"] for v in page.all["verdicts"]]
    assert page.all["failures"] == words.count("failure") and page.all["warnings"] == words.count("warning")
    assert not os.listdir(tmp_path), "it left something behind"


@needs_opencl
def test_leaves_nothing(tmp_path):
    page = Page([DOCTOR], tmp_path, TMPDIR=str(tmp_path), POCL_CACHE_DIR=None)
    if page.by_check["opencl"][0]["verdict"] != "ok":
        pytest.skip("no OpenCL device")
    assert [name for name in os.listdir(tmp_path) if name.startswith("trireme")] == []


def test_page_is_text(tmp_path):
    done = run([DOCTOR], tmp_path)
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("  ") and line[2] != " "
            and not line.startswith("  rank")] == CHECKS
    assert lines[-1].startswith("doctor: ") and bool(done.stderr) == (done.returncode == 3)
    assert max(map(len, lines)) <= 121


def test_ranks(tmp_path):
    page = Page(mpirun(3, DOCTOR), tmp_path)
    page.expect("launch", "ok", "started 3 ranks", "")
    assert [r["rank"] for r in page.all["ranks"]] == [0, 1, 2]
    assert page.by_check["clocks"][0]["verdict"] == "ok"
    assert len(page.by_check["cores"]) == 1, "one node, one verdict"


@pytest.mark.full
def test_many_ranks(tmp_path):
    """The first 16 are shown, or all."""
    if FAMILY == "mpich":
        pytest.skip("MPICH's ranks never give a core away")
    for more, shown in (((), 16), (("--verbose",), 17)):
        lines = run(mpirun(17, DOCTOR, *more), tmp_path).stdout.splitlines()
        assert sum(line.startswith("  rank ") for line in lines) == shown
        assert ("  and 1 rank more (--verbose shows all)" in lines) == (not more)


def test_command_line(tmp_path):
    for ranks in ([], mpirun(2)):
        done = run([*ranks, DOCTOR, "--nonsense"], tmp_path)
        assert done.returncode == 2 and done.stderr.count("--nonsense") == 1 and not done.stdout
    for seconds in ("soon", "0"):
        done = run([DOCTOR, "--timeout", seconds], tmp_path)
        assert done.returncode == 2 and "--timeout" in done.stderr and not done.stdout
    assert run([DOCTOR, "--environment", "man"], tmp_path).stdout.startswith(".TH TRIREME 7 ")
    done = run([DOCTOR, "--help"], tmp_path)
    assert done.returncode == 0 and "--strict" in done.stdout
    assert run([DOCTOR, "--version"], tmp_path).stdout.startswith("doctor (trireme ")


def test_strict(tmp_path):
    """One warning turns the status of all ranks into 3, and only with --strict."""
    many = ["--threads", "100000"]
    page = Page([DOCTOR], tmp_path, *many)
    assert page.all["warnings"] and page.status == (3 if page.all["failures"] else 0)
    assert Page([DOCTOR], tmp_path, *many, "--strict").status == 3
    done = run(mpirun(2, DOCTOR, *many, "--strict"), tmp_path)
    line = r"doctor: status 3 for \d+ (warning|failure)s?(, by --strict)?\n"
    assert done.returncode == 3 and re.fullmatch(line, done.stderr)


@needs_hwloc
def test_many_threads(tmp_path):
    Page([DOCTOR], tmp_path, "--threads", "100000").expect("binding", "warning", "100000 threads on",
                                                           "fewer --threads")


def test_foreign_launcher(tmp_path):
    other = shutil.which("mpirun.mpich" if FAMILY == "openmpi" else "mpirun.openmpi")
    if not other:
        pytest.skip("no second MPI library")
    page = Page([other, "-n", 2, DOCTOR], tmp_path)
    page.expect("launch", "failure", "singletons", "launcher")
    assert page.status == 3 and page.all["ranks"] == []
    assert "started 2 ranks" in page.by_check["launch"][0]["text"]
    # One singleton of Open MPI may break the start of the other.
    if not os.environ["TRIREME_SANITIZE"]:
        abort = shared_library(tmp_path, "abort", """
            #include <stdlib.h>
            int MPI_Init_thread(void *a, void *b, int c, void *d) { exit(1); }""")
        page = Page([other, "-n", 2, DOCTOR], tmp_path, LD_PRELOAD=abort)
        page.expect("launch", "failure", "does not start under it", "launcher")
        page.expect("mpi", "failure", "does not start", "see launch")
        assert page.status == 3 and page.all["ranks"] == []
    # and the one in PATH, before anything is started with it
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "mpirun").symlink_to(other)
    Page([DOCTOR], tmp_path, PATH=f"{bin_folder}:{os.environ['PATH']}").expect("launch", "warning",
                                                                               "mpirun in PATH",
                                                                               "use mpirun.")


def test_no_launcher_in_path(tmp_path):
    (tmp_path / "sh").symlink_to("/bin/sh")
    Page([DOCTOR], tmp_path, PATH=str(tmp_path)).expect("launch", "note", "no mpirun in PATH", "openmpi-bin")


def test_singletons_of_srun(tmp_path):
    page = Page([DOCTOR], tmp_path, SLURM_STEP_NUM_TASKS="4", SLURM_PROCID="0", SLURM_STEP_ID="0")
    assert page.status == 3
    page.expect("launch" if page.by_check["mpi"][0]["verdict"] == "ok" else "mpi", "failure", "",
                "srun --mpi=pmix")
    other = run([DOCTOR], tmp_path, SLURM_STEP_NUM_TASKS="4", SLURM_PROCID="2", SLURM_STEP_ID="0")
    assert other.returncode == 3 and not other.stdout, "one page for all"


@pytest.mark.skipif(os.geteuid() != 0 or FAMILY != "openmpi", reason="Open MPI's mpirun and root")
def test_root(tmp_path):
    page = Page([DOCTOR], tmp_path, OMPI_ALLOW_RUN_AS_ROOT=None,
                PATH=f"{os.path.dirname(os.environ['TRIREME_LAUNCHER'])}:{os.environ['PATH']}")
    page.expect("launch", "warning", "root", "jobs/env.sh")


@needs_hwloc
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cpus")
def test_two_ranks_on_one_core(tmp_path):
    cpu = min(os.sched_getaffinity(0))
    page = Page(["taskset", "-c", cpu, *mpirun(2, DOCTOR)], tmp_path)
    page.expect("binding", "warning", "ranks 0, 1 are bound to the same cores", "--bind-to none")
    assert page.status == (3 if page.all["failures"] else 0)
    alone = Page(["taskset", "-c", cpu, DOCTOR], tmp_path)
    alone.expect("binding", "note", "unused", "--bind-to none")


@needs_hwloc
def test_more_ranks_than_cpus(tmp_path):
    ranks = os.cpu_count() + 1
    if ranks > 16:
        pytest.skip("too many cpus for that here")
    Page(mpirun(ranks, DOCTOR), tmp_path).expect("binding", "warning", f"oversubscribed: {ranks} ranks",
                                                 "fewer ranks")


@needs_preload
def test_program_does_not_load(tmp_path):
    library = "libmpi.so.40" if FAMILY == "openmpi" else "libmpich.so.12"
    (tmp_path / library).write_text("not a library")
    page = Page([DOCTOR], tmp_path, LD_LIBRARY_PATH=str(tmp_path))
    page.expect("mpi", "failure", library, "ldd")
    assert page.status == 3 and page.by_check["shm"], "the other checks go on"


@needs_preload
def test_mpi_hangs_and_aborts(tmp_path):
    hang = shared_library(tmp_path, "hang", """
        #include <unistd.h>
        int MPI_Init_thread(void *a, void *b, int c, void *d) { for (;;) pause(); }""")
    page = Page([DOCTOR], tmp_path, "--timeout", "2", LD_PRELOAD=hang)
    page.expect("mpi", "failure", "no answer within 2 s", "mpirun -np 1 hostname")
    assert page.status == 3
    abort = shared_library(tmp_path, "abort", """
        #include <stdio.h>
        #include <stdlib.h>
        int MPI_Init_thread(void *a, void *b, int c, void *d) { fputs("no such fabric\\n", stderr); abort();
        }""")
    page = Page([DOCTOR], tmp_path, LD_PRELOAD=abort)
    page.expect("mpi", "failure", "no such fabric; Aborted", "jobs/env.sh")


@needs_preload
def test_ranks_without_answer(tmp_path):
    """A probe that ends before the exit status: one line says so, and the status is 3."""
    gone = shared_library(tmp_path, "gone", """
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <string.h>
        #include <unistd.h>
        ssize_t getdelim(char **, size_t *, int, FILE *);
        ssize_t __getdelim(char **line, size_t *room, int end, FILE *file) {
            ssize_t length = getdelim(line, room, end, file);
            if (length > 0 && strspn(*line, "0123") == 1 && length == 2) _exit(1);
            return length;
        }
        ssize_t getline(char **line, size_t *room, FILE *file) {
            return __getdelim(line, room, 10, file);
        }""")
    done = run([DOCTOR], tmp_path, LD_PRELOAD=gone)
    assert done.returncode == 3 and done.stderr.startswith("doctor: the ranks do not agree"), done


def test_limits(tmp_path):
    """What keeps MPI itself from starting is named: files, addresses, the folder for temporary files."""
    def limited(limit, **variables):
        return Page(["sh", "-c", f'{limit} && exec "$@"', "sh", DOCTOR], tmp_path, **variables)

    page = limited("ulimit -n 24")
    page.expect("limits", "failure", "only 24 open files", "ulimit -n")
    assert page.status == 3
    limited("ulimit -v 4000000").expect("limits", "warning", "4096 MB of addresses", "ulimit -v unlimited")
    command = namespace("mount -t tmpfs -o ro tmp /mnt", DOCTOR)
    page = Page(command, tmp_path, TMPDIR="/mnt/none")
    page.expect("tmp", "failure", "cannot write to '/mnt/none'", "export TMPDIR=FOLDER")
    assert page.status == 3

@needs_preload
def test_other_versions(tmp_path):
    level = shared_library(tmp_path, "level", "int MPI_Query_thread(int *level) { *level = 0; return 0; }")
    page = Page([DOCTOR], tmp_path, LD_PRELOAD=level)
    page.expect("mpi", "failure", "MPI_THREAD_SINGLE", "threads")
    assert page.status == 3
    version = shared_library(tmp_path, "version", """
        #include <string.h>
        int MPI_Get_library_version(char *text, int *length) {
            strcpy(text, "Some MPI v9.9.9, elsewhere");
            *length = strlen(text);
            return 0;
        }""")
    Page([DOCTOR], tmp_path, LD_PRELOAD=version).expect("mpi", "warning", "Some MPI v9.9.9 is loaded",
                                                        "build again")


@needs_preload
@needs_hdf5
def test_other_hdf5(tmp_path):
    version = shared_library(tmp_path, "hdf5", """
        int H5get_libversion(unsigned *major, unsigned *minor, unsigned *release) {
            *major = 9, *minor = 8, *release = 7;
            return 0;
        }""")
    page = Page([DOCTOR], tmp_path, LD_PRELOAD=version)
    page.expect("hdf5", "failure", "HDF5 9.8.7 is loaded", "build again")
    assert page.status == 3


@needs_opencl
def test_opencl_drivers(tmp_path):
    page = Page([DOCTOR], tmp_path, OCL_ICD_VENDORS=str(tmp_path))
    page.expect("opencl", "warning", "no ICD", "pocl-opencl-icd")
    assert "-1001" in page.by_check["opencl"][0]["text"]
    (tmp_path / "broken.icd").write_text("libnothing.so.7\n")
    page = Page([DOCTOR], tmp_path, OCL_ICD_VENDORS=str(tmp_path))
    page.expect("opencl", "warning", "broken.icd names 'libnothing.so.7'", ".icd file")
    page = Page([DOCTOR], tmp_path, OCL_ICD_VENDORS=str(tmp_path / "missing"))
    page.expect("opencl", "warning", "does not exist", ".icd")


@needs_opencl
@needs_preload
def test_opencl_driver_crashes(tmp_path):
    crash = shared_library(tmp_path, "crash", """
        #include <stdlib.h>
        __attribute__((constructor)) static void start(void) { abort(); }""")
    (tmp_path / "crash.icd").write_text(crash + "\n")
    page = Page([DOCTOR], tmp_path, OCL_ICD_VENDORS=str(tmp_path), TMPDIR=str(tmp_path))
    page.expect("opencl", "warning", "crashed: Aborted", "OCL_ICD_VENDORS")
    assert page.by_check["shm"], "the other checks go on"


@needs_preload
def test_memory_of_others(tmp_path):
    denied = shared_library(tmp_path, "denied", """
        #include <errno.h>
        long process_vm_readv(void) { errno = EPERM; return -1; }""")
    Page([DOCTOR], tmp_path, LD_PRELOAD=denied).expect("cma", "warning", "Operation not permitted",
                                                       "ptrace_scope")


def test_small_shm(tmp_path):
    command = namespace("mount -t tmpfs -o size=1m shm /dev/shm", DOCTOR)
    Page(command, tmp_path).expect("shm", "warning", "/dev/shm has 1.0 MB free", "--shm-size")


def test_results_folder(tmp_path):
    results = tmp_path / "out"
    results.mkdir()
    command = namespace(f"mount -t tmpfs -o ro out {results}", DOCTOR, "--results", f"{results}/new/one")
    page = Page(command, tmp_path)
    page.expect("results", "failure", "mounted read-only", "--results FOLDER")
    assert page.status == 3
    command = namespace(f"mount -t tmpfs -o size=64k out {results}; "
                        f"head -c 64k /dev/zero > {results}/full || true", DOCTOR,
                        "--results", results)
    Page(command, tmp_path).expect("results", "failure", "No space left", "--results FOLDER")
    (tmp_path / "file").write_text("")
    page = Page([DOCTOR], tmp_path, "--results", str(tmp_path / "file"))
    page.expect("results", "failure", "Not a directory", "--results FOLDER")


@needs_preload
def test_no_locks(tmp_path):
    locks = shared_library(tmp_path, "locks", """
        #include <errno.h>
        int flock(int file, int how) { errno = ENOLCK; return -1; }""")
    page = Page([DOCTOR], tmp_path, LD_PRELOAD=locks, HDF5_USE_FILE_LOCKING=None)
    page.expect("results", "warning", "does not support file locks", "HDF5_USE_FILE_LOCKING=FALSE")
    page = Page([DOCTOR], tmp_path, LD_PRELOAD=locks, HDF5_USE_FILE_LOCKING="FALSE")
    assert "cannot lock" not in page.by_check["results"][0]["text"]


def test_little_memory(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 100000 kB\nMemAvailable: 100000 kB\n")
    command = namespace(f"mount --bind {tmp_path}/meminfo /proc/meminfo", DOCTOR)
    Page(command, tmp_path).expect("memory", "warning", "102 MB per rank for 1 ranks", "fewer ranks")


@needs_hwloc
def test_quota(tmp_path):
    """A container's quota of half a cpu, in either version of cgroups."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        groups = [line.split(":")[1] for line in file]
    folders = {"": "echo 50000 100000 > cpu.max"}
    for names in groups:
        if "cpu" in names.split(","):
            folders[names] = "echo 50000 > cpu.cfs_quota_us; echo 100000 > cpu.cfs_period_us"
    for folder, files in folders.items():
        if folder not in groups:
            continue
        command = namespace(f"mount -t tmpfs cg /sys/fs/cgroup; cd /sys/fs/cgroup; "
                            f"mkdir -p ./{folder}; cd ./{folder}; {files}; "
                            f"cd {tmp_path}", DOCTOR)
        Page(command, tmp_path).expect("cores", "warning", "a quota of 0.5 cores", "docker --cpus")


@pytest.mark.skipif(not shutil.which("ip"), reason="no iproute2")
def test_interfaces(tmp_path):
    bridge = ("ip link set lo up; ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; "
              "ip link set docker0 up")
    command = namespace(bridge, DOCTOR, flags=("--net",))
    Page(command, tmp_path).expect("network", "warning", "docker0 172.17.0.1", "btl_tcp_if_include")
    page = Page(command, tmp_path, OMPI_MCA_btl_tcp_if_include="eth0")
    assert "docker0" not in page.by_check["network"][0]["text"]


def test_host_without_address(tmp_path):
    command = namespace(f"hostname no-such-host-here; : > {tmp_path}/hosts; "
                        f"mount --bind {tmp_path}/hosts /etc/hosts", DOCTOR,
                        flags=("--uts", "--mount", "--net"))
    Page(command, tmp_path).expect("network", "warning", "'no-such-host-here' has no address", "/etc/hosts")


@pytest.fixture
def hosts(tmp_path):
    """hosts(number, script): a prefix for mpirun's command line that gives it that many hosts h1, h2, ... in
    network namespaces of this machine; `script` is run on each before its ranks, with the host's name in
    $host."""
    if FAMILY != "openmpi" or os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs Open MPI, root and iproute2")

    def make(number, script):
        agent = tmp_path / "agent"
        agent.write_text(f"""#!/bin/sh
host=$1; shift
exec ip netns exec $host unshare --uts --mount sh -ec "host=$host; hostname $host; mount -t tmpfs shm
/dev/shm; {script}; cd $PWD; $*" """)
        agent.chmod(0o755)
        names = "".join(f"10.9.0.{i} h{i}\\n" for i in range(1, number + 1))
        setup = f"""mount -t tmpfs run /run; mkdir /run/netns; ip link set lo up; hostname head
ip link add br0 type bridge; ip addr add 10.9.0.254/24 dev br0; ip link set br0 up
printf '127.0.0.1 localhost\\n10.9.0.254 head\\n{names}' > {tmp_path}/hosts; mount --bind {tmp_path}/hosts
/etc/hosts for i in $(seq {number}); do
    ip netns add h$i; ip link add v$i type veth peer name eth0 netns h$i; ip link set v$i master br0 up
    ip -n h$i addr add 10.9.0.$i/24 dev eth0; ip -n h$i link set eth0 up; ip -n h$i link set lo up
    echo "h$i slots=2" >> {tmp_path}/hostfile
done"""
        command = namespace(setup, LAUNCHER, "--hostfile", f"{tmp_path}/hostfile", "-n", 2 * number,
                            flags=("--net", "--mount", "--uts", "--pid", "--fork", "--kill-child",
                                   "--mount-proc"))
        (tmp_path / "hostfile").unlink()  # of the trial whether this is allowed
        return command, {"OMPI_MCA_plm_rsh_agent": str(agent)}

    return make


@pytest.mark.full
def test_several_nodes(hosts, tmp_path):
    """Verdicts of nodes are told apart: /dev/shm is small on one of them, and the results folder another
    one."""
    results = tmp_path / "results"
    results.mkdir()
    planted = f"[ $host != h2 ] || {{ mount -t tmpfs out {results}; mount -o remount,size=2m /dev/shm; }}"
    launcher, variables = hosts(3, planted.replace("$host", "\\$host"))
    page = Page([*launcher, DOCTOR], tmp_path, "--results", results, **variables)
    assert [rank["host"] for rank in page.all["ranks"]] == ["h1", "h1", "h2", "h2", "h3", "h3"]
    page.expect("shared", "warning", "h2", "shared file system")
    words = {host: verdict["verdict"] for verdict in page.by_check["shm"] for host in verdict["hosts"]}
    assert words == {"h1": "ok", "h2": "warning", "h3": "ok"}
    assert page.by_check["cores"][0]["hosts"] == ["h1", "h2", "h3"]
    assert not os.listdir(results)
