#!/usr/bin/python3
"""Damaged HDF5, .npy, raw and CSV files (bits flipped, bytes replaced, blocks of zeros, exchanged blocks,
truncation), read by every program that reads them. Right: success (not all damage shows), or a documented
status and a line."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

from campaign import campaign, options


def make(folder, build):
    """The undamaged files: {name: (kind, path inside)}."""
    env = {**os.environ, "TRIREME_NETWORK": "none"}

    def run(*words):
        subprocess.run([str(build / "apps" / words[0]), *words[1:]], cwd=folder, env=env, check=True,
                       stdout=subprocess.DEVNULL)

    run("heat", "--points", "20x24", "--steps", "20", "--checkpoint", "checkpoint.h5", "--checkpoint-every",
        "10", "--results", "none", "--energy-every", "2")
    run("bench", "sum", "--bytes", "8Ki", "--trials", "2", "--results", "bench")
    os.rename(next((folder / "bench").glob("*.h5")), folder / "bench.h5")
    rng = np.random.default_rng(5)
    for name, version in (("old.h5", ("earliest", "v108")), ("new.h5", ("latest", "latest"))):
        with h5py.File(folder / name, "w", libver=version) as f:
            x = f.create_dataset("g/x", data=rng.random((24, 30)), chunks=(7, 8), compression="gzip",
                                 shuffle=True, fletcher32=True, maxshape=(None, 30))
            x.attrs["units"], x.attrs["scale"] = "m", np.arange(5.0)
            f["g/k"] = rng.integers(0, 9, (24,))
            f["g/s"] = np.array([b"ab", b"cde"])
            f.attrs["title"], f.attrs["words"] = "a title", np.array(["one", "two"], dtype=object)
            for i in range(20):
                f[f"many/d{i}"] = np.float32(i)
    run("scatter", "old.h5:/g/x", "--out", "part%r.h5", "--results", "none")
    table = rng.integers(-9, 9, (24, 30)).astype(">i4")
    np.save(folder / "c.npy", table)
    np.save(folder / "fortran.npy", np.asfortranarray(rng.random((20, 24, 3))))
    table.tofile(folder / "raw.bin")
    np.savetxt(folder / "table.csv", table, delimiter=",", header=",".join("abcdefghij" * 3), comments="")
    return {"c.npy": "", "fortran.npy": "", "raw.bin": ">i4:24x30", "table.csv": "4",
            "checkpoint.h5": "/field", "bench.h5": "/timing/run", "old.h5": "/g/x",
            "new.h5": "/g/x", "part0.h5": "/g/x"}


def damage(rng, data):
    """Changes a bytearray in one or two ways; the structures of HDF5 are mostly near the start."""
    for _ in range(rng.choice((1, 1, 2))):
        most = len(data) if rng.random() < 0.4 else min(len(data), 4096)
        how = rng.choice(("bits", "bits", "byte", "text", "field", "zeros", "exchange", "cut"))
        at = rng.randrange(max(most, 1))
        if how == "bits":
            for _ in range(rng.choice((1, 1, 3, 20))):
                data[rng.randrange(most)] ^= 1 << rng.randrange(8)
        elif how == "byte":
            data[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff))
        elif how == "text":    # a digit or a letter of a header
            data[at] = rng.choice(b"0123456789,()'<>|OfiuVS \n\"")
        elif how == "field":
            value = rng.choice((0, 1, 2**16 - 1, 2**31, 2**32 - 1, 2**63 - 1, rng.randrange(len(data))))
            data[at:at + 8] = value.to_bytes(8, "little")[:len(data[at:at + 8])]
        elif how == "zeros":
            length = rng.choice((4, 16, 64, 512, 4096))
            data[at:at + length] = bytes(len(data[at:at + length]))
        elif how == "exchange":
            other, length = rng.randrange(most), rng.choice((8, 32, 256))
            a, b = data[at:at + length], data[other:other + length]
            length = min(len(a), len(b))
            data[at:at + length], data[other:other + length] = b[:length], a[:length]
        elif len(data) > 1:
            del data[rng.randrange(1, len(data)):]


def readers(name, path):
    """The programs that read a file, by what they are called with."""
    spec = f"{name}:{path}" if path else name
    yield "reduce", (spec,)
    yield "scatter", (spec, "--out", "p%r.h5", "--verify")
    yield "gather", (name, "--out", "whole.h5")
    yield "alltoall", (spec, "--out", "turned.h5", "--verify")
    yield "map", ("a+1", f"a={spec}", "--out", "mapped.h5:/r", "--device", "0")
    yield "bcast", (spec, "--verify")
    yield "heat", (spec, "--steps", "2")
    yield "heat", (*"--points 20x24 --steps 20 --energy-every 2 --resume --checkpoint".split(), name)
    yield "bench", ("--compare", name, name)
    yield "reduce", (name,)
    yield "scatter", (f"{name}:/g/x", "--out", "p%r.h5", "--key", "/g/k")


OPTIONS = options(__doc__, 2000)
OPTIONS.add_argument("--all", action="store_true", help="every program reads every file")
OPTIONS.add_argument("--only", default="", help="damage only files with this ending, such as .npy")
OPTIONS.add_argument("--without-device", action="store_true", help="leave out map")
ARGUMENTS = OPTIONS.parse_args()
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="campaign-files-"))
FILES = make(FOLDER, ARGUMENTS.build)


def one(case):
    rng = case.rng
    name = rng.choice([name for name in FILES if name.endswith(ARGUMENTS.only)])
    data = bytearray((FOLDER / name).read_bytes())
    damage(rng, data)
    programs = list(readers(name, FILES[name]))
    if ARGUMENTS.without_device:
        programs = [p for p in programs if p[0] != "map"]
    wrong, commands = [], []
    for program, words in programs if ARGUMENTS.all else [rng.choice(programs)]:
        ranks = rng.choice((0, 0, 0, 2, 3))
        if ranks > ARGUMENTS.most_ranks:
            ranks = 0
        shutil.rmtree(case.folder)
        case.folder.mkdir()
        (case.folder / name).write_bytes(data)
        quiet = ("--quiet",) if "--compare" in words else ("--quiet", "--results", "none")
        command = case.command(ranks, program, *words, *quiet)
        reasons = case.judge(case.end(case.start(command)))
        commands.append(" ".join(command))
        wrong += [f"{program} np{ranks}: {reason}" for reason in reasons]
    return name, "\n    ".join(commands), wrong


try:
    STATUS = campaign(ARGUMENTS, FILES, one)
finally:
    shutil.rmtree(FOLDER)
sys.exit(STATUS)
