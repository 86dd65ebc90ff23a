"""profile: planted delays, every language, jobs that are killed, wrong use."""
import os
import re
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest

from conftest import BUILD, LAUNCHER, SOURCE
from test_boost import HEADS, HERE, MANY, MPICC, NEW, OLD, OPEN_MPI, boost, launch, wrapper

PROFILE = BUILD / "apps" / "profile"


@pytest.fixture(scope="module")
def waits(tmp_path_factory):
    """A program with planted delays, and with line numbers."""
    path = tmp_path_factory.mktemp("waits") / "waits"
    subprocess.run([MPICC, "-g", "-O1", HERE / "waits.c", "-o", path], check=True)
    return path


def line_of(site, name="waits.c"):
    """"waits.c:21" of the comment "site: reduction"."""
    for number, text in enumerate((HERE / name).read_text().splitlines(), 1):
        if f"site: {site} " in text:
            return f"{name}:{number}"
    raise KeyError(site)


def read(folder):
    files = list(folder.glob("profile-*.h5"))
    assert len(files) == 1, files
    with h5py.File(files[0]) as f:
        out = {name: f.attrs[name] for name in f.attrs}
        f.visititems(lambda name, item: out.update({name: item[()]} if hasattr(item, "dtype") else {}))
    assert out["complete"] == 1 and out["program"] == "profile"
    return out


def row(profile, site, function):
    """The index of a call."""
    found = [i for i, (s, f) in enumerate(zip(profile["call_site"], profile["call_function"]))
             if (s, f) == (site, function)]
    assert len(found) == 1, (site, function, list(zip(profile["call_site"], profile["call_function"])))
    return found[0]


def test_planted_delays(waits, tmp_path):
    """Waiting is the planted delay, for the rank that has it; nothing of it is transferring."""
    ms = 60
    r = launch(MANY, [PROFILE, "--results", tmp_path, "--plot", tmp_path / "p.svg", waits, ms])
    assert r.returncode == 0 and not list(tmp_path.glob("*.ranks")), r.stderr
    p, others, last = read(tmp_path), MANY - 1, MANY - 1
    for site, function, late, delays in (("reduction", "MPI_Allreduce", last, 3), ("any", "MPI_Recv", 0, 1),
                                         ("wait", "MPI_Wait", 0, 1), ("bcast", "MPI_Bcast", 0, 2)):
        i, planted = row(p, line_of(site), function), 1e-3 * ms * delays * others
        assert p["calls/late_rank"][i] == late, site
        # The delay is at least what was asked for; a rank that waits for its core adds to either side.
        assert 0.9 * planted < p["calls/waiting"][i] <= p["calls/seconds"][i] + 1e-9, site
        assert p["calls/waiting"][i] + p["calls/transferring"][i] <= p["calls/seconds"][i] + 1e-9
    i = row(p, line_of("send"), "MPI_Send")
    assert (p["calls/count"][i], p["calls/bytes"][i]) == (2 * others, 2000 * others)
    assert p["calls/sizes"][i][4] == 2 * others  # up to 4 KiB
    i = row(p, line_of("bcast"), "MPI_Bcast")
    assert p["calls/count"][i] == 20 * MANY
    assert p["call_communicator"][i] == f"MPI_Comm_dup at {line_of('dup')}, {MANY} ranks"
    # Rank 0 sends two messages of 1000 bytes and 20 broadcasts of 4 to each other rank.
    expected = np.zeros((MANY, MANY), int)
    expected[0, 1:] = 2000 + 80
    assert (p["matrix/bytes"] == expected).all()
    assert p["ranks/waited_for"].argmax() in (0, last) and (p["ranks/inside_call"] == -1).all()
    assert 0 <= p["timeline/waiting"].min() and p["timeline/mpi"].max() < 1.01
    assert p["timeline/mpi"].sum() * p["timeline/step"] == pytest.approx(p["results/mpi"], rel=0.02)
    assert p["verdict"] == "not checked" and p["ranks"] == MANY and len(p["hosts"]) == 1
    assert any(f"waits for rank {last} in MPI_Allreduce at {line_of('reduction')}" in s for s in p["advice"])
    assert line_of("reduction") in r.stderr and "<svg" in (tmp_path / "p.svg").read_text()
    page = tmp_path / "page.html"
    subprocess.run([BUILD / "apps" / "report", tmp_path, "-o", page], check=True, stdout=subprocess.DEVNULL)
    text = page.read_text()
    assert line_of("reduction") in text and "Bytes between ranks" in text and "Imbalance" in text


@pytest.mark.parametrize("binding", [*HEADS])
def test_fortran(tmp_path, binding):
    """The line of the program, not the Fortran library of MPI; the files are removed, boost is in the run."""
    compiler = wrapper("mpifort") or wrapper("mpif90")
    if not compiler:
        pytest.skip("no Fortran compiler")
    tail = "end program\n" + ("" if binding == "mpi_f08" else OLD)
    text = HEADS[binding].replace("{op}", NEW) + (HERE / "calls.f90").read_text() + tail
    (tmp_path / "calls.f90").write_text(text)
    subprocess.run([compiler, "-g", "-O0", "-std=legacy", "calls.f90", "-o", "calls"], cwd=tmp_path,
                   check=True, capture_output=True)
    r = launch(2, [PROFILE, "--results", tmp_path, *boost("--serve", "all", tmp_path / "calls")])
    assert r.returncode == 0, r.stderr
    p = read(tmp_path)
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        called = re.match(r" +call (MPI_(?:Allreduce|Barrier|Bcast))\(", line)
        if called:
            i, times = row(p, f"calls.f90:{number}", called[1]), 20 if "Barrier" in line else 2
            assert p["calls/count"][i] == times
    assert p["boost"] == "on" and any(s.startswith("boost served ") for s in p["advice"])


def test_killed(waits, tmp_path):
    """kill -9 of all ranks: what they had is there, with the time and the calls in which they were."""
    command = [SOURCE / "jobs" / "run.sh", LAUNCHER, "2", PROFILE, "--results", tmp_path, waits, "1", "stays"]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert job.stdout.readline() == "stays\n"
    folder, = tmp_path.glob("*.ranks")
    time.sleep(0.2)
    running = subprocess.run([PROFILE, "--collect", folder, "--results", tmp_path / "now"],
                             capture_output=True, text=True)
    assert running.returncode == 0 and read(tmp_path / "now")["verdict"].startswith("not ended: until 20")
    for pid in subprocess.run(["pgrep", "-f", f"^{waits} "], capture_output=True, text=True).stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    assert job.wait() != 0
    done = subprocess.run([PROFILE, "--collect", folder, "--remove"], capture_output=True, text=True)
    assert done.returncode == 0 and not folder.exists(), done.stderr
    p = read(tmp_path)
    i = row(p, line_of("stays"), "MPI_Barrier")
    assert p["calls/count"][i] > 10 and re.match(r"not ended: until \d{4}-\d\d-\d\dT", p["verdict"])
    assert not set(p["ranks/inside_call"]) - {-1, i}


def test_wrong_use(trireme, tmp_path):
    (tmp_path / "none.ranks").mkdir()
    (tmp_path / "torn.ranks").mkdir()
    (tmp_path / "torn.ranks" / "rank-000000").write_bytes(b"trireme profile 1\0" + bytes(range(256)) * 8)
    (tmp_path / "a.svg").write_text("")
    for words, status, text in ((["nothing"], 3, "cannot start 'nothing': No such file"),
                                ([], 2, "PROGRAM is missing"), (["--remove", "x"], 2, "--remove needs"),
                                (["--plot", "a.png", "x"], 2, "does not end in .svg"),
                                (["--plot", "a.svg", "x"], 4, "--replace"),
                                (["--collect", "none.ranks", "x"], 2, "leave 'x' out"),
                                (["--collect", "absent"], 4, "absent"),
                                (["--collect", "none.ranks"], 4, "has no profile"),
                                (["--collect", "torn.ranks"], 4, "is no profile of a rank")):
        r = trireme(0, "profile", *words)
        assert r.status == status and len(r.err.splitlines()) == 1 and text in r.err, (words, r.err)
    # A folder that cannot be made is told once; the program runs.
    (tmp_path / "file").write_text("")
    r = trireme(2, "profile", "--results", tmp_path / "file", BUILD / "tests/preload/preload_odd", "atexit")
    assert r.status == 0 and len(r.err.splitlines()) == 1 and "no profile: rank 0 cannot" in r.err, r.err
