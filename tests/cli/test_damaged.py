"""Damaged HDF5 files on which HDF5 loops forever or crashes, and signals to a program that is stuck."""
import os
import signal
import struct
import subprocess
import time

import h5py
import numpy as np
import pytest

from conftest import BUILD

QUICK = {"TRIREME_HDF5_SECONDS": "0.3"}


def damage(path, how):
    """Changes the heap of the texts of variable length. loop: its first object has 0 bytes; crash: the text
    "heat" has some 10^17."""
    data = bytearray(path.read_bytes())
    heap = data.index(b"GCOL")
    if how == "loop":
        data[heap + 16:heap + 32] = bytes(16)
    else:
        data[data.index(b"heat", heap) - 1] = 8
    path.write_bytes(data)


def heat(*more):
    return ("heat", "--points", "9x8", "--steps", "6", "--energy-every", "0", "--results", "none",
            "--checkpoint", "c.h5", *more)


@pytest.fixture
def checkpoint(trireme, tmp_path):
    assert trireme(0, *heat("--checkpoint-every", "3")).status == 0
    return tmp_path / "c.h5"


def refused(r, why):
    assert r.status == 4 and len(r.err.splitlines()) == 1 and why in r.err, (r.status, r.err)


@pytest.mark.parametrize("how, why", (("loop", "no progress"), ("crash", "Segmentation fault")))
def test_hdf5_fails_in_a_checkpoint(trireme, tmp_path, checkpoint, how, why):
    previous = tmp_path / "c.h5.prev"
    previous.write_bytes(checkpoint.read_bytes())
    damage(checkpoint, how)
    r = trireme(2, *heat("--resume"), env=QUICK)
    assert r.status == 0 and why in r.err and "trying the previous one" in r.err, r.err
    previous.unlink()
    r = trireme(0, *heat("--resume"), env=QUICK)
    assert r.status == 4 and len(r.err.splitlines()) == 1 and why in r.err, (r.status, r.err)


def test_hdf5_loops_in_a_result(trireme, tmp_path):
    with h5py.File(tmp_path / "r.h5", "w") as f:
        f["timing/run"] = np.arange(3.0)
        f.attrs["program"] = "bench-p2p"
    damage(tmp_path / "r.h5", "loop")
    r = trireme(0, "bench", "--compare", "r.h5", "r.h5", env=QUICK)
    assert r.status == 4 and len(r.err.splitlines()) == 1 and "no progress" in r.err, (r.status, r.err)


def test_only_what_is_read_is_looked_at(trireme, tmp_path, checkpoint):
    damage(checkpoint, "loop")
    assert trireme(0, "reduce", "c.h5:/field", "--results", "none", env=QUICK).status == 0


def test_more_indices_than_the_file_allows(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f.create_dataset("x", shape=(24, 30), maxshape=(None, 30), chunks=(7, 8))
    data = bytearray((tmp_path / "a.h5").read_bytes())
    at = data.index(struct.pack("<3Q", 24, 30, 2**64 - 1))
    data[at + 10] = 128
    (tmp_path / "a.h5").write_bytes(data)
    r = trireme(0, "reduce", "a.h5:/x", "--results", "none")
    assert r.status == 4 and "at most 30 are allowed" in r.err and len(r.err.splitlines()) == 1, r.err


def test_nothing_of_hdf5_is_printed(trireme, tmp_path):
    """After a wrong checksum HDF5 cannot close itself in MPI_Finalize()."""
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as f:
        f["x"] = np.arange(3.0)
    data = bytearray((tmp_path / "a.h5").read_bytes())
    data[data.index(b"OHDR") + 6] ^= 1
    (tmp_path / "a.h5").write_bytes(data)
    r = trireme(0, "reduce", "a.h5:/x", "--results", "none")
    assert r.status == 4 and len(r.err.splitlines()) == 1, r.err


@pytest.mark.parametrize("damaged", ("group", "a"))
def test_a_damaged_dataset_is_not_passed_over(trireme, tmp_path, damaged):
    """The other dataset is not the only one of the file because HDF5 cannot read this one."""
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as f:
        f["a"], f["b"], f["group/c"] = np.arange(3.0), np.arange(4.0), np.arange(5.0)
        at = {name: h5py.h5o.get_info(f[name].id).addr for name in ("a", "b", "group")}
        for name in ("b", "group") if damaged == "a" else ("a",):
            del f[name]
    with open(tmp_path / "a.h5", "r+b") as f:
        f.seek(at[damaged] + 6)
        f.write(b"\xff")
    r = trireme(0, "gather", "a.h5", "--out", "whole.h5", "--results", "none")
    assert r.status == 4 and len(r.err.splitlines()) == 1 and "a.h5' is a damaged HDF5 file" in r.err, r.err
    assert not (tmp_path / "whole.h5").exists()


def test_a_second_signal_ends_it_at_once(trireme, tmp_path, checkpoint):
    """While HDF5 loops, the program does not come to the step at which the first signal takes effect."""
    damage(checkpoint, "loop")
    words = heat("--resume")
    job = subprocess.Popen([str(BUILD / "apps" / words[0]), *words[1:]], cwd=tmp_path,
                           env={**os.environ, "TRIREME_HDF5_SECONDS": "100000"})
    children = f"/proc/{job.pid}/task/{job.pid}/children"

    def child():
        with open(children) as f:
            return [int(pid) for pid in f.read().split()]

    def used(pid):
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rsplit(")", 1)[1].split()[11])

    while not child() or used(child()[-1]) < os.sysconf("SC_CLK_TCK") / 2:
        time.sleep(0.05)
        assert job.poll() is None
    looker = child()[-1]
    job.terminate()
    job.terminate()
    time.sleep(1.2)
    assert job.poll() is None
    job.terminate()
    assert job.wait() == -signal.SIGTERM
    while os.path.exists(f"/proc/{looker}") and used(looker):
        time.sleep(0.05)
