"""One rank of four fails in set-up: all end, with its line and the right status; a killed rank leaves no
broken file."""
import glob
import os
import random
import re
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest


def one_line(outcome, rank):
    lines = [line for line in outcome.err.splitlines() if line.startswith("reduce:")]
    assert len(lines) == 1 and f"[rank {rank} of 4 on " in lines[0], outcome.err
    return lines[0]


def test_file_on_one_rank(trireme, tmp_path, rank_wrapper):
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["x"] = np.arange(1000.0)
    wrapper = rank_wrapper(2, f'mkdir -p "{tmp_path}/empty"; cd "{tmp_path}/empty"')
    r = trireme(4, "reduce", "x.h5:/x", wrap=wrapper)
    assert r.status == 4 and "x.h5" in one_line(r, 2)


def test_memory_on_one_rank(trireme, rank_wrapper):
    # MPI itself wants some hundred MB of addresses; the buffer of 4 GiB then does not fit.
    r = trireme(4, "reduce", "--count", "2Gi", "--memory", "4Gi", wrap=rank_wrapper(1, "ulimit -v 4000000"))
    assert r.status == 3 and "memory" in one_line(r, 1)


def test_device_on_one_rank(trireme, rank_wrapper, tmp_path):
    (tmp_path / "none").mkdir()
    wrapper = rank_wrapper(3, f'export OCL_ICD_VENDORS="{tmp_path}/none"')
    r = trireme(4, "reduce", "--count", 1000, "--device", "auto", wrap=wrapper)
    assert r.status == 3 and "OpenCL" in one_line(r, 3)


@pytest.mark.full
def test_kill_while_the_result_is_written(trireme, tmp_path):
    """kill -9 of a rank at random moments: whatever stands under a final name is complete."""
    rng = random.Random(11)
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    program = os.path.join(os.environ["TRIREME_BUILD"], "apps", "reduce")
    command = [f"{source}/jobs/run.sh", os.environ["TRIREME_LAUNCHER"], "2", program, "--count", "100k",
               "--repeat", "2000", "--histogram", "1000", "--range", "0,1"]
    finished = 0
    for _ in range(12):
        job = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        # The writing is short, so half of the kills wait until the file is about to be made whole.
        while not glob.glob(str(tmp_path / "results" / "*.part")) and job.poll() is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 1.5))
        pids = subprocess.run(["pgrep", "-f", f"^{program} --count 100k"], capture_output=True,
                              text=True).stdout.split()
        if pids:
            os.kill(int(rng.choice(pids)), signal.SIGKILL)
        finished += job.wait() == 0
        for path in glob.glob(str(tmp_path / "results" / "*.h5")):
            with h5py.File(path, "r") as f:
                assert f.attrs["complete"] == 1
        for path in glob.glob(str(tmp_path / "results" / "*")):
            assert re.search(r"\.h5(\.\w+\.part)?$", path)
            if path.endswith(".part"):
                os.unlink(path)
    assert finished < 12
