#!/usr/bin/python3
"""Programs that write to a disk that becomes full: a small tmpfs with some of its bytes taken. Right:
success, or a documented status and a line; no temporary file stays, and no file under a final name is
incomplete. Needs root, to mount; status 77 otherwise."""
import os
import subprocess
import sys

import h5py
import numpy as np

from campaign import campaign, options

ARGUMENTS = options(__doc__, 300).parse_args()

# Each writes to the folder `full`.
PROGRAMS = {
    "reduce": "reduce --count 1000 --histogram 1000 --results full",
    "heat": "heat --points 64x64 --steps 6 --out full/field --out-every 2 --results none",
    "checkpoint": "heat --points 64x64 --steps 6 --checkpoint full/c.h5 --checkpoint-every 2 --results full",
    "scatter": "scatter a.h5:/x --out full/p%r.h5 --results none",
    "gather": "gather part*.h5 --out full/whole.h5 --results none",
    "alltoall": "alltoall a.h5:/x --out full/b.h5:/y --results none",
    "alltoall --chunk": "alltoall a.h5:/x --out full/b.h5:/y --chunk 16,16 --results none",
    "bcast": "bcast tree full/ --piece 4Ki --results none",
    "bench store": "bench store --bytes 64Ki --trials 1 --folder full --results full",
    "p2p": "p2p --sizes 8 --samples 1 --duration 0 --results full",
}


def incomplete(folder):
    for path in folder.rglob("*.h5"):
        try:
            with h5py.File(path, "r") as f:
                if f.attrs.get("complete", 1) != 1:
                    yield f"incomplete {path.name}"
        except OSError as why:
            yield f"broken {path.name}: {why}"


def one(case):
    rng, folder = case.rng, case.folder
    with h5py.File(folder / "a.h5", "w") as f:
        f["x"] = np.arange(20000.0).reshape(100, 200)
    (folder / "tree" / "below").mkdir(parents=True)
    for i in range(5):
        (folder / "tree" / "below" / f"f{i}").write_bytes(rng.randbytes(rng.randrange(60000)))
    name = rng.choice(list(PROGRAMS))
    ranks = rng.choice([r for r in (0, 0, 2, 3) if r <= ARGUMENTS.most_ranks])
    if name in ("p2p", "bench store") and ARGUMENTS.most_ranks >= 2:
        ranks = max(ranks, 2)
    if name == "gather":
        split = "a.h5:/x --out part%r.h5 --results none --quiet".split()
        subprocess.run(case.command(0, "scatter", *split), cwd=folder, env=case.environment(), check=True)
    full = folder / "full"
    full.mkdir()
    size = rng.choice((4, 16, 32, 64, 128, 200, 300, 500, 800))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "campaign", full], check=True)
    try:
        (full / "ballast").write_bytes(bytes(rng.choice((0, 0, size * 256, size * 512, size * 1000))))
        program, *words = PROGRAMS[name].split()
        command = case.command(ranks, program, *words, "--quiet")
        reasons = case.judge(case.end(case.start(command)))
        reasons += incomplete(full)
    finally:
        subprocess.run(["umount", "-l", full], check=True)
    return name, f"{' '.join(command)}  # {size} KiB", reasons


if os.geteuid() or subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "campaign", "/mnt"],
                                  stderr=subprocess.DEVNULL).returncode:
    print("cannot mount a small disk")
    sys.exit(77)
sys.exit(campaign(ARGUMENTS, PROGRAMS, one))
