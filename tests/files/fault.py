#!/usr/bin/python3
"""fault.py full|kill WRITE FOLDER LAUNCH... NP: results on a full disk, or of a killed rank.

Exits with 77 if it cannot mount a small disk."""
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import h5py

mode, write, folder, launch = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)


def full():
    """Disks that are full: from the start; before the array; after the first array."""
    for case, size, ballast in (("full", 128, 0), ("full", 4096, 4096 - 128), ("fill", 4096, 0)):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % size, "trireme", folder],
                          stderr=subprocess.DEVNULL).returncode:
            return 77
        try:
            with open(os.path.join(folder, "ballast"), "wb") as f:
                f.write(b"x" * (ballast * 1024))
            run = subprocess.run(launch + [write, case, folder], stderr=subprocess.PIPE, text=True,
                                 timeout=100)
            left = os.listdir(folder)
        finally:
            subprocess.run(["umount", folder], check=True)
        sys.stderr.write(run.stderr)
        if run.returncode:
            return run.returncode
        assert "HDF5" not in run.stderr, "HDF5 printed"
        assert left == ["ballast"], left
    return 0


def ranks_of(job):
    """The processes of `write` below a process."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as f:
                fields = f.read().rsplit(")", 1)
            name, parent = fields[0].split("(", 1)[1], int(fields[1].split()[1])
        except OSError:
            continue
        found.append((int(stat.split("/")[2]), parent, name))
    tree = {job}
    for _ in range(4):
        tree |= {pid for pid, parent, _ in found if parent in tree}
    return [pid for pid, _, name in found if pid in tree and name == os.path.basename(write)[:15]]


def kill():
    whole = 0
    for seed in range(5):
        job = subprocess.Popen(launch + [write, "forever", folder], stderr=subprocess.DEVNULL)
        while not glob.glob(folder + "/*.h5"):
            time.sleep(0.01)
            assert job.poll() is None, "ended by itself"
        random.seed(seed)
        time.sleep(random.uniform(0, 0.5))
        os.kill(random.choice(ranks_of(job.pid)), signal.SIGKILL)
        assert job.wait(timeout=60) != 0, "the exit status must show a killed rank"
        for name in glob.glob(folder + "/*.h5"):
            with h5py.File(name, "r") as f:
                assert f.attrs["complete"] == 1 and f["later"][0] == 7
                assert f["fields/rows"][10, 299, 399] == 1319999.5
            os.remove(name)
            whole += 1
        for name in glob.glob(folder + "/*.part"):
            os.remove(name)
        assert not os.listdir(folder), os.listdir(folder)
    print(whole, "whole files")
    assert whole, "no file was completed, so the test shows nothing"
    return 0


status = full() if mode == "full" else kill()
shutil.rmtree(folder)
sys.exit(status)
