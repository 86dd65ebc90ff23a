"""watch: hangs that it names, right programs that it leaves alone, and its launcher."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from hangs import HANGS, first_line, wrong_places  # noqa: E402

OPEN_MPI = os.environ["TRIREME_MPI_FAMILY"] == "openmpi"
HANG, CALM = BUILD / "tests/preload/preload_hang", BUILD / "tests/preload/preload_calm"
HAS_LINES = os.environ["TRIREME_HAS_LIBDW"] == "ON"
FORTRAN = """program p
 use mpi
 implicit none
 integer :: e, rank, x(4)
 call MPI_Init(e)
 call MPI_Comm_rank(MPI_COMM_WORLD, rank, e)
 if (rank == 0) then
  call MPI_Barrier(MPI_COMM_WORLD, e)
 else
  call MPI_Bcast(x, 4, MPI_INTEGER, 1, MPI_COMM_WORLD, e)
 end if
 call MPI_Barrier(MPI_COMM_WORLD, e)
 call MPI_Finalize(e)
end program
"""
PYTHON = """from mpi4py import MPI
def solve(world):
    if world.Get_rank() == 0:
        world.recv(source=1)
    else:
        world.Barrier()
solve(MPI.COMM_WORLD)
"""


def launch(tmp_path, ranks, *command, **arguments):
    words = [SOURCE / "jobs" / "run.sh", LAUNCHER, str(ranks), *map(str, command)]
    return subprocess.run(words, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=1000, **arguments)


def watch(*words):
    return [BUILD / "apps" / "watch", "--after", "0.3s", *words]


@pytest.mark.parametrize("ranks, case", [
    (2, "missing_barrier"), full(3, "recv_recv"), full(2, "wait_for_left"), full(3, "order_of_comms"),
    full(3, "wildcard_request")])
def test_hang(tmp_path, ranks, case):
    """Named in the first line, with the right place; the job ends with 86, and what it printed stays."""
    if not OPEN_MPI and ranks > 2:
        pytest.skip("a waiting rank of MPICH keeps its core")
    shared = set(os.listdir("/dev/shm"))
    r = launch(tmp_path, ranks, BUILD / "apps" / "trireme", "watch,boost", HANG, case,
               env={**os.environ, "TRIREME_WATCH_JSON": "hang.json", "TRIREME_WATCH_AFTER": "0.3"})
    line = first_line(r.stderr)
    assert r.returncode == 86 and re.search(HANGS[case], without_places(line)), r.stderr
    assert not list(wrong_places(line))
    assert ("hang.c:" in line) == HAS_LINES
    report = json.loads((tmp_path / "hang.json").read_text())
    assert report["verdict"] == line and report["ranks"] == ranks
    assert sorted(rank for group in report["groups"] for rank in group["ranks"]) == list(range(ranks))
    assert not {name for name in set(os.listdir("/dev/shm")) - shared if "watch" in name}


def without_places(line):
    return re.sub(r" at \S+( \(\w+\))?", " ", line)


@pytest.mark.parametrize("cases", [
    ["late_receiver", "one_polls_others_wait", "errors_return"],
    full(["all"])])
def test_calm(tmp_path, cases):
    """No word about a right program whose ranks wait for each other."""
    pause = "0.5" if cases == ["all"] else "0.8"
    r = launch(tmp_path, 2, *watch("--quiet-for", "1h", CALM, *cases, f"pause={pause}"))
    assert r.returncode == 0 and not r.stderr and re.search(r"^\d+ cases", r.stdout), r.stderr


@pytest.mark.full
def test_unproven(tmp_path):
    """A report without a proof, and the job goes on."""
    r = launch(tmp_path, 2, *watch("--quiet-for", "1s", CALM, "slow_rank", "pause=2.5"))
    assert r.returncode == 0
    assert re.match(r"rank 1 has waited for 1 s, rank 0 computes; this is no proof of an error",
                    first_line(r.stderr)), r.stderr


@pytest.mark.full
def test_look(tmp_path):
    """A report on demand; the job goes on."""
    job = subprocess.Popen([SOURCE / "jobs" / "run.sh", LAUNCHER, "2",
                            *map(str, watch("--quiet-for", "1h", CALM, "slow_rank", "pause=5"))],
                           cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = None
    while not pid and job.poll() is None:
        time.sleep(0.2)
        found = subprocess.run(["pgrep", "-f", f"^{CALM} slow_rank pause=5"], capture_output=True, text=True)
        pid = next(iter(found.stdout.split()), None)
    time.sleep(1)
    done = subprocess.run([BUILD / "apps" / "watch", "--look", pid], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    out, err = job.communicate()
    assert job.returncode == 0 and "1 cases" in out
    assert first_line(err).startswith("a report, as asked for"), err


@pytest.mark.full
def test_fortran(tmp_path):
    compiler = re.sub(r"mpicc(?=[^/]*$)", "mpifort", shutil.which(os.environ["TRIREME_MPICC"]))
    if not os.access(compiler, os.X_OK):
        pytest.skip("no compiler for Fortran")
    (tmp_path / "solve.f90").write_text(FORTRAN)
    subprocess.run([compiler, "-g", "solve.f90", "-o", "solve"], cwd=tmp_path, check=True)
    r = launch(tmp_path, 2, *watch("./solve"))
    line = first_line(r.stderr)
    assert r.returncode == 86 and re.match(differ_at("MPI_Barrier", 8, "MPI_Bcast .*", 10), line), r.stderr


def differ_at(a, first, b, second):
    if not HAS_LINES:
        return f"rank 0 calls {a}.* where rank 1 calls {b}"
    return rf"rank 0 calls {a} at solve\.f90:{first} .*where rank 1 calls {b} at solve\.f90:{second} "


@pytest.mark.full
def test_python(tmp_path):
    python = "/usr/bin/python3"
    if not OPEN_MPI or subprocess.run([python, "-c", "import mpi4py"], capture_output=True).returncode:
        pytest.skip("no mpi4py for this MPI library")
    (tmp_path / "solve.py").write_text(PYTHON)
    r = launch(tmp_path, 2, *watch(python, "solve.py"))
    line = first_line(r.stderr)
    assert r.returncode == 86 and "solve.py:4 (solve)" in line and "solve.py:6 (solve)" in line, r.stderr


def test_launcher(trireme, tmp_path):
    """It becomes the program; its errors have a line."""
    program = tmp_path / "program"
    program.write_text('#!/bin/bash\necho "$$ $*"\necho "$TRIREME_PRELOAD $TRIREME_WATCH_QUIET '
                       '$TRIREME_WATCH_HANG"\nexit 7\n')
    program.chmod(0o755)
    child = subprocess.Popen([BUILD / "apps" / "trireme", "watch,boost", program, "-x"],
                             stdout=subprocess.PIPE, text=True)
    out = child.communicate()[0].splitlines()
    assert child.returncode == 7 and out == [f"{child.pid} -x", "boost,watch 60.000 end"]
    for words, status, text in ((["nothing"], 3, "cannot start 'nothing': No such file"),
                                ([], 2, "PROGRAM is missing"),
                                (["--quiet-for", "soon", "x"], 2, "'soon' is no time"),
                                (["--after", "0", "x"], 2, "'0' is not above 0"),
                                (["--on-hang", "shout", "x"], 2, "--on-hang: 'shout'"),
                                (["--look", "999999999"], 3, "process 999999999")):
        r = trireme(0, "watch", *words)
        assert r.status == status and len(r.err.splitlines()) == 1 and text in r.err, r.err
    r = trireme(0, "trireme", "watch,nothing", "x")
    assert r.status == 2 and "watch,nothing" in r.err
    assert trireme(0, "trireme", "watch", "--version").out.startswith("watch (trireme ")
    text = trireme(0, "watch", "--help").out
    options = re.findall(r"^  --([a-z0-9-]+)", text, re.M)
    manual = trireme(0, "watch", "--man").out.replace("\\-", "-")
    completion = trireme(0, "watch", "--completion").out
    assert {"on-hang", "after", "quiet-for", "look", "json"} <= set(options)
    assert all(f".B --{o}" in manual and f" --{o}" in completion for o in options)
    judge = subprocess.run([BUILD / "apps" / "watch-judge"], capture_output=True, text=True)
    assert judge.returncode == 2 and "trireme watch starts this program" in judge.stderr
