#!/usr/bin/python3
"""kill -9 at random times to one rank, to all ranks or to the launcher of a program under `profile`. Right:
the files that are left become a result file that is whole and says until when, or no rank had come out of
MPI_Init; calls and times are those of a run."""
import os
import signal
import sys
import time

import h5py

from campaign import campaign, options, ours

ARGUMENTS = options(__doc__, 100).parse_args()
TARGETS = ["one rank", "all ranks", "the launcher"]
PROGRAM = ARGUMENTS.build / "tests" / "preload" / "preload_waits"


def judge_profile(path):
    """The reasons why a profile is wrong."""
    with h5py.File(path) as f:
        verdict = f.attrs["verdict"]
        if f.attrs["complete"] != 1 or not verdict.startswith(("not ended: until 20", "not checked")):
            yield f"verdict {verdict}"
        if (f["calls/count"][()] < 0).any() or f["results/calls"][()] != f["calls/count"][()].sum():
            yield "calls"
        mpi, elapsed = f["ranks/mpi"][()], f["ranks/elapsed"][()]
        # A rank may be killed between the parts of one count.
        if (mpi > elapsed * 1.02 + 0.05).any() or elapsed.max() > 100:
            yield f"{mpi} s of {elapsed} s in MPI"
        if (f["calls/waiting"][()] > f["calls/seconds"][()] * 1.001 + 1e-3).any():
            yield "more waiting than time"
        if f["ranks/inside_call"][()].max() >= len(f["calls/count"]):
            yield "no such call"


def one(case):
    rng = case.rng
    ranks = rng.choice([r for r in (1, 2, 3) if r <= max(ARGUMENTS.most_ranks, 1)])
    whom, delay = rng.choice(TARGETS), rng.uniform(0.05, 2.5)
    command = case.command(ranks, "profile", "--results", ".", PROGRAM, 5, "stays")
    job = case.start(command)
    time.sleep(delay)
    found = [pid for pid, what in ours(case.mark).items() if what == "preload_waits"]
    targets = {"one rank": found[:1], "all ranks": found, "the launcher": [job.pid]}[whom]
    for pid in targets or [job.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    status, reasons = case.end(job), []
    for pid in case.left():
        os.kill(pid, signal.SIGKILL)
    if status is None:
        reasons.append("hangs")
    case.statuses.append(str(status))
    folders = list(case.folder.glob("*.ranks"))
    for folder in folders:
        reader = case.command(0, "profile", "--collect", folder)
        end = case.end(case.start(reader))
        if end == 4 and "before MPI_Init had returned" in case.text():
            continue
        if end != 0:
            reasons.append(f"--collect ends with {end}: {case.text().strip()}")
    for path in case.folder.glob("*.h5"):
        reasons += judge_profile(path)
    if list(case.folder.glob("*.part*")):
        reasons.append("left a temporary file")
    had = "a profile" if list(case.folder.glob("*.h5")) else "nothing yet"
    return whom, f"{' '.join(command)}  # after {delay:.2f} s, {had}", reasons


sys.exit(campaign(ARGUMENTS, TARGETS, one))
