#!/usr/bin/python3
"""SIGTERM, SIGINT or SIGKILL to one rank, or to the launcher, at a random time. Right: the status is not 0
(except where the signal came after the end), no process and no shared segment is left, and what stands under
a final name is whole. Temporary files may stay after SIGKILL only."""
import os
import signal
import sys
import time

import h5py
import numpy as np

from campaign import DOCUMENTED, campaign, options, ours

ARGUMENTS = options(__doc__, 200).parse_args()
SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT, "KILL": signal.SIGKILL}

PROGRAMS = {
    "heat": "heat --points 64x64 --steps 20000 --checkpoint c.h5 --checkpoint-every 200 --energy-every 0",
    "heat fields": "heat --points 64x64 --steps 2000 --out field --out-every 20",
    "reduce": "reduce --count 100k --repeat 500 --histogram 100 --range 0,1",
    "scatter": "scatter a.h5:/x --out p%r.h5 --memory 4Ki",
    "alltoall": "alltoall a.h5:/x --out b.h5:/y --memory 16Ki",
    "bcast": "bcast a.h5 copy.h5 --piece 4Ki",
}
TARGETS = [f"{name} to {whom}" for name in SIGNALS for whom in ("a rank", "the launcher")]


def whole(folder):
    """The reasons why files under final names are not whole."""
    for path in folder.rglob("*.h5"):
        if path.name == "copy.h5":
            if path.read_bytes() != (folder / "a.h5").read_bytes():
                yield f"half-written {path.name}"
            continue
        try:
            with h5py.File(path, "r") as f:
                if path.name == "b.h5":
                    if not (f["y"][()] == np.arange(90000.0).reshape(300, 300).T).all():
                        yield "half-written b.h5"
                elif path.name != "a.h5" and path.name[0] != "p" and f.attrs["complete"] != 1:
                    yield f"incomplete {path.name}"
        except (OSError, KeyError) as why:
            yield f"broken {path.name}: {why}"


def one(case):
    rng = case.rng
    with h5py.File(case.folder / "a.h5", "w") as f:
        f["x"] = np.arange(90000.0).reshape(300, 300)
    name = rng.choice(list(PROGRAMS))
    number = rng.choice(list(SIGNALS))
    ranks = rng.choice([r for r in (1, 2, 3, 5) if r <= max(ARGUMENTS.most_ranks, 1)])
    to_rank = rng.random() < 0.5
    program, *words = PROGRAMS[name].split()
    command = case.command(ranks, program, *words)
    job = case.start(command)
    # A third of the signals come while the ranks start.
    delay = rng.uniform(0, 1.5) if rng.random() < 0.35 else 0.5 + rng.uniform(0, 2.5)
    time.sleep(delay)
    target = None
    if to_rank:
        ranks_now = [pid for pid, what in ours(case.mark).items() if what == program]
        # A child that looks at files has the name of the program; its parent is a rank.
        target = rng.choice(sorted(ranks_now)) if ranks_now else None
    elif job.poll() is None:
        target = job.pid
    if target is not None:
        case.pids |= set(ours(case.mark))
        try:
            os.kill(target, SIGNALS[number])
        except ProcessLookupError:
            target = None
    status = case.end(job)
    signalled = target is not None
    reasons = case.judge(status, line=False, temporary=not signalled or number != "KILL")
    # The launcher passes on the signal that ended a rank.
    allowed = {*DOCUMENTED, *((130, 137, 143, -SIGNALS[number]) if signalled else ())}
    reasons = [r for r in reasons if r != f"status {status}" or status not in allowed]
    # Open MPI 4.1 waits for ever for a rank that was killed while it connected to the launcher.
    if status is None and program not in case.hung.values():
        print(f"{case.seed}: the launcher hangs; no rank is left")
        reasons = []
    if signalled and number == "KILL" and to_rank and status == 0:
        reasons.append("status 0")
    reasons += whole(case.folder)
    kind = f"{number} to {'a rank' if to_rank else 'the launcher'}"
    return kind, f"{' '.join(command)}  # {kind} after {delay:.2f} s, status {status}", reasons


sys.exit(campaign(ARGUMENTS, TARGETS, one))
