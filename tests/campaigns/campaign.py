"""What the campaigns share: cases from seeds, starting a program, judging what it did, the table at the end.

A campaign prints the seed of every case that went wrong; `--case SEED` repeats it and shows everything."""
import argparse
import collections
import glob
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests"))

DOCUMENTED = (0, 1, 2, 3, 4, 75, 77)
MARK = "TRIREME_CAMPAIGN"
# What no user may see: a crash, the insides of a library, a report of a sanitizer.
INSIDES = re.compile(r"HDF5-DIAG|infinite loop closing|AddressSanitizer|LeakSanitizer|ThreadSanitizer|"
                     r"runtime error:|\*\*\* Process received signal|Assertion .* failed|"
                     r"free\(\): |malloc\(\): |corrupted |double free|Traceback")
# Open MPI 5 and MPICH print a banner for each status other than 0, Open MPI 4 one for MPI_Abort().
BANNER = re.compile(r"^-{74}\n(?:.*\n)*?-{74}\n|^=+\n(?:=.*\n)*?=+\n", re.MULTILINE)


def options(text, count):
    p = argparse.ArgumentParser(description=text)
    p.add_argument("--build", type=pathlib.Path, default=SOURCE / "build", help="folder of the build")
    p.add_argument("--launcher", default="mpirun")
    p.add_argument("--count", type=int, default=count, help="cases")
    p.add_argument("--seed", type=int, default=1, help="of the campaign")
    p.add_argument("--case", help="repeat one case")
    p.add_argument("--most-ranks", type=int, default=3, help="0: no launcher")
    p.add_argument("--limit", type=float, default=600, help="seconds until a program counts as hanging")
    p.add_argument("--keep", action="store_true", help="keep the folders of wrong cases")
    return p


class Outcome:
    def __init__(self, status, err, wrong):
        self.status, self.err, self.wrong = status, err, wrong


def ours(mark):
    """The processes of a case, found by their environment: {pid: name}."""
    found = {}
    wanted = f"{MARK}={mark}".encode()
    for name in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(name, "rb") as f:
                if wanted in f.read().split(b"\0"):
                    pid = int(name.split("/")[2])
                    with open(f"/proc/{pid}/stat") as s:
                        stat = s.read()
                    if stat.rsplit(")", 1)[1].split()[0] not in "ZX":
                        found[pid] = stat[stat.index("(") + 1:stat.rindex(")")]
        except (OSError, ValueError):
            continue
    return found


def segments(pids):
    """Shared segments whose creator has ended."""
    names = [os.path.basename(name) for name in glob.glob("/dev/shm/trireme-[0-9]*")]
    return [name for name in names if int(name.split("-")[1]) in pids
            and not os.path.exists("/proc/" + name.split("-")[1])]


class Case:
    """One case: its random numbers, its folder, the mark of its processes."""

    def __init__(self, seed, arguments, folder=None):
        self.seed, self.arguments = seed, arguments
        self.rng = random.Random(seed)
        self.mark = f"{os.getpid()}-{seed}"
        self.top = pathlib.Path(folder or tempfile.mkdtemp(prefix="campaign-"))
        self.folder, self.tmp = self.top / "here", self.top / "tmp"
        self.folder.mkdir()
        self.tmp.mkdir()
        self.pids = set()
        self.statuses = []

    def environment(self):
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        return {**os.environ, MARK: self.mark, "TMPDIR": str(self.tmp), "TRIREME_NETWORK": "none",
                "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": str(self.top / "config")}

    def command(self, ranks, program, *words):
        words = [str(self.arguments.build / "apps" / program), *map(str, words)]
        if ranks:
            words = [str(SOURCE / "jobs" / "run.sh"), self.arguments.launcher, str(ranks), *words]
        return words

    def start(self, command, env=None):
        self.err = open(self.top / "err", "w+", errors="backslashreplace")
        self.out = open(self.top / "out", "w+", errors="backslashreplace")
        return subprocess.Popen(command, cwd=self.folder, env={**self.environment(), **(env or {})},
                                stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                start_new_session=True)

    def end(self, job):
        """Waits for the program. Returns its status, or None where it hung and was killed."""
        until = time.monotonic() + self.arguments.limit
        while job.poll() is None and time.monotonic() < until:
            try:
                job.wait(0.2)
            except subprocess.TimeoutExpired:
                self.pids |= set(ours(self.mark))
        if job.poll() is not None:
            return job.returncode
        self.hung = ours(self.mark)
        for pid in self.hung:
            os.kill(pid, signal.SIGKILL)
        job.wait()
        return None

    def text(self):
        self.err.seek(0)
        return self.err.read()

    def left(self):
        """Processes that are still there; they get a moment to end."""
        for _ in range(100):
            left = ours(self.mark)
            if not left:
                return {}
            time.sleep(0.05)
        return left

    def judge(self, status, line=True, temporary=True):
        """The reasons why the outcome is wrong. line: a failure must have a line; temporary: nothing may be
        left in TMPDIR or under a temporary name."""
        wrong, err = [], self.text()
        self.statuses.append("hangs" if status is None else str(status))
        plain = BANNER.sub("", err)
        if status is None:
            wrong.append("hangs")
        elif status not in DOCUMENTED:
            wrong.append(f"status {status}")
        if line and status and not plain.strip():
            wrong.append("no line")
        lines = re.findall(r"^[\w-]+: \[rank \d+ of \d+ on ", plain, re.M)
        if line and len(lines) > 1:
            wrong.append(f"{len(lines)} lines")
        found = INSIDES.search(err)
        if found:
            wrong.append(f"prints '{found.group().strip()}'")
        left = self.left()
        if left:
            wrong.append(f"left processes: {', '.join(left.values())}")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        found = segments(self.pids)
        if found:
            wrong.append(f"left segments: {', '.join(found)}")
        if temporary:
            parts = [str(p.relative_to(self.top))
                     for p in [*self.folder.rglob("*.part*"), *self.tmp.iterdir()]
                     # of a process that was ended by another rank; the next one removes it
                     if not p.name.startswith("trireme-opencl-")]
            if parts:
                wrong.append(f"left {', '.join(sorted(parts)[:3])}")
        return wrong

    def close(self, wrong):
        for name in ("err", "out"):
            if hasattr(self, name):
                getattr(self, name).close()
        if not (wrong and self.arguments.keep):
            shutil.rmtree(self.top, ignore_errors=True)


def campaign(arguments, kinds, one):
    """Runs the cases. `one(case)` returns (kind, command, reasons). Prints the table; the exit status is 1
    if a case is wrong."""
    tried, wrong, statuses, seeds = collections.Counter(), collections.Counter(), collections.Counter(), []
    cases = [arguments.case] if arguments.case else [f"{arguments.seed}:{i}" for i in range(arguments.count)]
    for seed in cases:
        case, reasons = Case(seed, arguments), ["broken test"]
        try:
            kind, command, reasons = one(case)
            err = case.text()
        finally:
            case.close(reasons)
        tried[kind] += 1
        statuses.update(case.statuses)
        if reasons:
            wrong[kind] += 1
            seeds.append(seed)
            where = f" in {case.top}" if arguments.keep else ""
            print(f"WRONG {seed}: {'; '.join(reasons)}{where}\n    {command}", flush=True)
        if reasons or arguments.case:
            print("".join(f"    | {line}\n" for line in err.splitlines()[-12:]), end="", flush=True)
    print(f"{'':20} {'tried':>8} {'right':>8} {'wrong':>8}")
    for kind in [*kinds, "all"]:
        t, w = (sum(tried.values()), sum(wrong.values())) if kind == "all" else (tried[kind], wrong[kind])
        print(f"{kind:20} {t:8} {t - w:8} {w:8}")
    print("statuses:", ", ".join(f"{status}: {n}" for status, n in sorted(statuses.items())))
    if seeds:
        print("wrong seeds:", *seeds)
    return 1 if seeds else 0
