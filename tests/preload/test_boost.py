"""boost: programs of every language with our collectives, and those that it must leave alone."""
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full

HERE = pathlib.Path(__file__).resolve().parent
MPICC = shutil.which(os.environ["TRIREME_MPICC"])
OPEN_MPI = os.environ["TRIREME_MPI_FAMILY"] == "openmpi"
RANDOM, ODD = BUILD / "tests/preload/preload_random", BUILD / "tests/preload/preload_odd"
LIBRARY = BUILD / "preload" / "libtrireme-preload.so"
# A waiting rank of MPICH keeps its core.
MANY = 3 if OPEN_MPI else 2

HEADS = {
    "mpif": "program p\n implicit none\n include 'mpif.h'\n integer :: operation, copy\n external larger\n",
    "mpi": "program p\n use mpi\n implicit none\n integer :: operation, copy\n external larger\n",
    "mpi_f08": "module m\ncontains\n{op}end module\nprogram p\n use mpi_f08\n use m\n implicit none\n"
               " type(MPI_Op) :: operation\n type(MPI_Comm) :: copy\n",
}
OLD = ("subroutine larger(a, b, n, t)\n integer :: n, t, a(n), b(n)\n b = max(a, b)\nend subroutine\n")
NEW = (" subroutine larger(a, b, n, t)\n  use mpi_f08\n  use, intrinsic :: iso_c_binding\n"
       "  type(c_ptr), value :: a, b\n  integer :: n\n  type(MPI_Datatype) :: t\n"
       "  integer, pointer :: x(:), y(:)\n  call c_f_pointer(a, x, [n])\n  call c_f_pointer(b, y, [n])\n"
       "  y = max(x, y)\n end subroutine\n")
CXX = """#include <mpi.h>
#include <vector>
int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    std::vector<int> x(9, rank), y(9 * ranks);
    MPI_Allgather(x.data(), 9, MPI_INT, y.data(), 9, MPI_INT, MPI_COMM_WORLD);
    bool right = true;
    for (int i = 0; i < 9 * ranks; i++) right = right && y[i] == i / 9;
    MPI_Finalize();
    return !right;
}
"""
PYTHON = """import sys
from array import array
from mpi4py import MPI
world = MPI.COMM_WORLD
rank, ranks = world.Get_rank(), world.Get_size()
x, y = array('i', [rank] * 5), array('i', [0] * 5)
world.Allreduce(x, y, op=MPI.SUM)
assert list(y) == [ranks * (ranks - 1) // 2] * 5
world.Allreduce(MPI.IN_PLACE, x, op=MPI.SUM)
assert x == y
assert world.bcast({'a': [1, 2]} if rank == 0 else None) == {'a': [1, 2]}
assert world.allreduce(rank, op=MPI.MAX) == ranks - 1
assert world.allgather(str(rank)) == [str(r) for r in range(ranks)]
half = world.Split(rank % 2, rank)
half.Barrier()
half.Free()
"""


def wrapper(name):
    """The compiler of another language beside mpicc."""
    path = re.sub(r"mpicc(?=[^/]*$)", name, MPICC or "")
    return path if os.access(path, os.X_OK) else None


def launch(ranks, command, env=None):
    """Status, standard output and error of a program on some ranks."""
    done = subprocess.run([SOURCE / "jobs" / "run.sh", LAUNCHER, str(ranks), *map(str, command)],
                          env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=1000)
    return done


def boost(*arguments):
    return [BUILD / "apps" / "boost", *arguments]


def table(text):
    """{function: (served, forwarded)} of the report."""
    out = {}
    for name, served, forwarded in re.findall(r"^(\w+) +(?:\d+ \w*B|larger) +(\d+) +(\d+) ", text, re.M):
        before = out.get(name, (0, 0))
        out[name] = before[0] + int(served), before[1] + int(forwarded)
    return out


def build(tmp_path, compiler, name, text, *flags):
    if not compiler:
        pytest.skip(f"no compiler for {name}")
    (tmp_path / name).write_text(text)
    done = subprocess.run([compiler, "-O1", *flags, name, "-o", "program"], cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return tmp_path / "program"


@pytest.mark.parametrize("binding", [*HEADS])
def test_fortran(tmp_path, binding):
    head = HEADS[binding].replace("{op}", NEW)
    tail = "end program\n" + ("" if binding == "mpi_f08" else OLD)
    program = build(tmp_path, wrapper("mpifort") or wrapper("mpif90"), "calls.f90",
                    head + (HERE / "calls.f90").read_text() + tail, "-std=legacy")
    r = launch(MANY, boost("--serve", "all", "--bits", "any", "--report", program))
    assert r.returncode == 0, r.stderr
    seen = table(r.stderr)
    assert seen["allreduce"] == (4 * MANY, 0) and seen["barrier"] == (10 * MANY, 0), r.stderr
    assert seen["bcast"] == (MANY, MANY)


def test_cxx(tmp_path):
    program = build(tmp_path, wrapper("mpicxx"), "calls.cc", CXX)
    r = launch(MANY, boost("--report", program))
    assert r.returncode == 0 and table(r.stderr)["allgather"] == (MANY, 0), r.stderr


def test_python(tmp_path):
    python = "/usr/bin/python3"
    if not OPEN_MPI or subprocess.run([python, "-c", "import mpi4py"], capture_output=True).returncode:
        pytest.skip("no mpi4py for this MPI library")
    (tmp_path / "calls.py").write_text(PYTHON)
    r = launch(2, boost("--report", python, tmp_path / "calls.py"))
    assert r.returncode == 0, r.stderr
    assert table(r.stderr)["allreduce"][0] >= 4


@pytest.mark.parametrize("ranks, trials", [(2, 300), full(3, 300), full(5, 300)])
@pytest.mark.parametrize("bits", ["same", "any", "fixed"])
def test_random(ranks, trials, bits):
    """Results are those of the MPI library, bit by bit where that is promised."""
    if not OPEN_MPI and ranks > 2:
        pytest.skip("a waiting rank of MPICH keeps its core")
    r = launch(ranks, boost("--serve", "all", "--bits", bits, RANDOM, 1, trials, bits))
    assert r.returncode == 0 and not r.stderr, r.stderr


@pytest.mark.skipif(not OPEN_MPI, reason="two ranks only")
def test_random_sees_other_bits():
    r = launch(5, boost("--serve", "all", "--bits", "any", RANDOM, 1, 40, "same"))
    assert r.returncode == 1 and "allreduce of " in r.stderr


@pytest.mark.parametrize("ranks", [MANY, full(1), full(2), full(5)])
def test_odd(ranks):
    if not OPEN_MPI and ranks > 2:
        pytest.skip("a waiting rank of MPICH keeps its core")
    before = set(os.listdir("/dev/shm"))
    r = launch(ranks, boost("--serve", "all", ODD))
    assert r.returncode == 0 and not r.stderr, r.stderr
    # A job that runs beside this one has a segment while it starts.
    left, until = {name for name in os.listdir("/dev/shm") if "trireme" in name} - before, time.time() + 60
    while left and time.time() < until:
        time.sleep(0.1)
        left &= set(os.listdir("/dev/shm"))
    assert not left


@pytest.mark.parametrize("case, status", [("atexit", 0), ("abort", 5), ("spawn", 0)])
def test_ends(case, status):
    if case == "spawn" and not OPEN_MPI:
        pytest.skip("Debian's MPICH cannot spawn")
    r = launch(2, boost("--serve", "all", ODD, case))
    assert r.returncode == status, r.stderr


def test_program_with_the_library(tmp_path):
    """A program that links libtrireme, and writes a file by parallel HDF5."""
    reduce = (BUILD / "apps" / "reduce", "--count", "1000", "--verify", "--results", tmp_path)
    r = launch(2, boost("--serve", "all", "--report", *reduce))
    assert r.returncode == 0 and len(list(tmp_path.glob("reduce-*.h5"))) == 1, r.stderr
    assert sum(served for served, _ in table(r.stderr).values()) > 0


@pytest.mark.full
def test_threads():
    """Threads in calls on several communicators, in an order of their own on each rank."""
    r = launch(MANY, boost("--serve", "all", ODD, "threads", "200"))
    assert r.returncode == 0 and not r.stderr, r.stderr


def test_one_rank_without_it():
    """Found out at the start; nobody waits for the rank that will not come."""
    r = launch(1, [*boost("--serve", "all", ODD), "atexit", ":", "-np", "1", ODD, "atexit"])
    assert r.returncode == 0, r.stderr
    assert r.stderr == ("trireme-preload: stands aside: 1 of the 2 ranks on this node have it; start all of "
                        "them with it\n")


def test_of_another_mpi(tmp_path):
    """In a process of another MPI library it passes everything on."""
    other = shutil.which("mpicc.mpich" if OPEN_MPI else "mpicc.openmpi")
    launcher = shutil.which("mpirun.mpich" if OPEN_MPI else "mpirun.openmpi")
    if not other or not launcher:
        pytest.skip("no second MPI library")
    program = build(tmp_path, other, "odd.c", (HERE / "odd.c").read_text())
    done = subprocess.run([SOURCE / "jobs" / "run.sh", launcher, "2", *boost(program, "atexit")],
                          capture_output=True, text=True, timeout=1000)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"trireme-preload: stands aside: it belongs to libmpi\S+, and this program uses "
                        r"\S+/libmpi\S+\n", done.stderr)


def test_variables_and_linking(tmp_path):
    """Without the launcher: LD_PRELOAD, or linked."""
    r = launch(2, ["env", f"LD_PRELOAD={LIBRARY}", "TRIREME_PRELOAD=boost", "TRIREME_PRELOAD_REPORT=1", ODD,
                   "atexit"])
    assert r.returncode == 0 and table(r.stderr) == {"allreduce": (2, 0)}, r.stderr
    r = launch(2, ["env", f"LD_PRELOAD={LIBRARY}", ODD, "atexit"])
    assert r.returncode == 0 and not r.stderr
    r = launch(2, ["env", f"LD_PRELOAD={LIBRARY}", "TRIREME_PRELOAD=bost", ODD, "atexit"])
    assert r.returncode == 0 and not r.stderr  # no mode that it knows
    (tmp_path / "p.c").write_text((HERE / "odd.c").read_text())
    linked = ["-Wl,--no-as-needed", LIBRARY, f"-Wl,-rpath,{LIBRARY.parent}"]
    done = subprocess.run([MPICC, "p.c", "-o", "p", *linked], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    r = launch(2, [tmp_path / "p", "atexit"], {"TRIREME_PRELOAD": "boost", "TRIREME_PRELOAD_REPORT": "1"})
    assert r.returncode == 0 and table(r.stderr) == {"allreduce": (2, 0)}, r.stderr


def test_needs():
    """It enters processes of others, so it brings nothing with it, and shows them nothing but MPI's names."""
    text = subprocess.run(["readelf", "-d", LIBRARY], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", text):
        assert re.match(r"lib(mpi|m\.|c\.)|ld-linux", name), name
    text = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True,
                          check=True).stdout
    names = re.findall(r"^\S+ (\w) (\S+)$", text, re.M)
    assert len(names) > 60 and all(re.match("P?MPIX?_[A-Z]", name) for _, name in names)
    text = subprocess.run(["nm", "-D", "-u", LIBRARY], capture_output=True, text=True, check=True).stdout
    assert not re.findall(r" U MPI_[A-Z][a-z]", text)


def test_launcher(trireme, tmp_path):
    """It becomes the program: words, status and process are the program's."""
    program = tmp_path / "program"
    program.write_text('#!/bin/bash\necho "$$ $*"\necho "$LD_PRELOAD $TRIREME_PRELOAD '
                       '$TRIREME_PRELOAD_BITS"\nexit 7\n')
    program.chmod(0o755)
    child = subprocess.Popen([*boost("--bits", "fixed"), program, "--report", "-x"], stdout=subprocess.PIPE,
                             text=True)
    out = child.communicate()[0].splitlines()
    library = LIBRARY.resolve()
    assert child.returncode == 7
    assert out == [f"{child.pid} --report -x", f"{library} boost fixed"]
    twice = subprocess.run([*boost(*boost("--bits", "any")), program], capture_output=True, text=True)
    assert twice.stdout.splitlines()[1] == f"{library} boost any"
    for words, status, text in ((["nothing"], 3, "cannot start 'nothing': No such file"),
                                ([], 2, "PROGRAM is missing"),
                                (["--bits", "some", "x"], 2, "--bits: 'some'")):
        r = trireme(0, "boost", *words)
        assert r.status == status and len(r.err.splitlines()) == 1 and text in r.err
    assert trireme(0, "trireme", "boost", "--version").out.startswith("boost (trireme ")
    text = trireme(0, "boost", "--help").out
    assert trireme(0, "boost", "-h").out == text and trireme(0, "boost", "x", "--help").status == 3
    options = re.findall(r"^  --([a-z0-9-]+)", text, re.M)
    manual = trireme(0, "boost", "--man").out.replace("\\-", "-")
    completion = trireme(0, "boost", "--completion").out
    assert all(f".B --{o}" in manual and f" --{o}" in completion for o in options)
