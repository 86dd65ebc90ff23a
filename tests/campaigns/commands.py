#!/usr/bin/python3
"""Random command lines over all programs, most of them wrong in some way. Right: a documented status, a line
for a failure, nothing left behind."""
import os
import re
import stat
import subprocess
import sys

from campaign import campaign, options

ARGUMENTS = options(__doc__, 10000).parse_args()

SIZES = ["0", "1", "7", "8", "1000", "4Ki", "64Ki", "1.5Ki", "-1", "1e3", "16Ei", "99999999999999999999",
         "4k", "x", "", "0x10", "8 ", "nan", "١"]
INTEGERS = ["0", "1", "2", "3", "5", "64", "4096", "-1", "1000000001", "99999999999999999999", "1.5", "x", "",
            "+2"]
REALS = ["0", "1", "0.5", "0.01", "-1", "nan", "inf", "1e308", "1e-320", "x", "", "0x1p-3"]
NAMES = ["a.h5", "a.h5:/x", "a.h5:/g", "a.h5:/nothing", "a.h5:", ":/x", "missing.h5:/x", "text.txt", "folder",
         "folder/", "null", "full", "pipe", "text.txt/x.h5", "missing/x.h5:/r", "link", "b.h5:/x", "a.h5:/t",
         "a.h5:/wide", "a.h5:/empty", "p%r.h5", "%r", "%s%n.h5", "new\nline.h5", "\x1b[31m.h5",
         os.fsdecode(b"\xff.h5"), "é.h5", "-", "--", "*", "n" * 300, "", "out.h5:/r", "out.svg", "out", ".",
         "..", "a.h5:/x:/y", "|touch PWNED", "$(touch PWNED)", "'", "c.h5", "parts"]
TEXTS = ["1,2", "0,1", "1,0", "8x8", "16x8", "3x4x5", "1x1", "0x0", "x", "-1,1", "8,64", "8,64Ki", "bcast",
         "bcast:binomial", "reduce:ring", "nothing", "auto", "none", "0", "99", "60s", "2", "1,1,1,1", ",",
         ",,", "8,", "\n", "nan,1", "1,-1", "0,1e400", "2,1,0", "a", "9" * 40]
EXPRESSIONS = ["a+1", "a", "i", "r = a; s = i", "a +", "", "1/0", "b", "sqrt(a)", "a b", "r=", "a;;",
               "x" * 3000, "(int) a", "a\n+1", "é", "'", "\"", "#", "a[0]", "*a", "1 // a", "a ? 1 : 0",
               "(((((a)))))"]
# These take long for large values, by what they are for.
SMALL = {"count": ["0", "1", "1000", "64Ki", "-1", "x", ""], "steps": ["0", "1", "5", "20", "-1", "x"],
         "repeat": ["0", "1", "2", "-1", "x"], "warmup": ["0", "1", "2", "-1", "x"],
         "samples": ["0", "1", "3", "x"], "trials": ["0", "1", "2", "x"],
         "threads": ["0", "1", "2", "4", "8", "4097", "-1", "x"],
         "duration": ["0", "0.0001", "-1", "nan", "x"], "seconds": ["0", "0.001", "-1", "nan", "x"],
         "timeout": ["0", "1", "2", "x"],
         "points": ["8x8", "16x8", "3x4x5", "1x1", "0x0", "8", "8x", "x", "-1x8", "axb"],
         "bytes": ["0", "8", "4Ki", "7", "x", "-1"], "sizes": ["8", "8,1Ki", "0", "7", "1Ki,8", "x", ",", ""],
         "histogram": ["0", "1", "7", "x", "99999999999"], "vectors": ["0", "1", "2", "5", "x"],
         "bins": ["1", "7"], "checkpoint-every": ["1", "2", "5", "0", "x", "60s", "1e-9s"],
         "out-every": ["0", "1", "3", "x"],
         "checkpoint": ["c.h5", "a.h5", "folder", "text.txt", "null", "missing/c.h5", "k.h5"],
         "energy-every": ["0", "1", "7", "x"], "ranks": ["0", "1", "2", "7", "1000", "x"],
         "memory": [*SIZES, "1Ki", "1Mi"]}
# What a program does without options may take minutes.
ALWAYS = {"reduce": ("--count", "1000"), "heat": ("--points", "8x8", "--steps", "3"),
          "p2p": ("--sizes", "8", "--samples", "1"), "bench sum": ("--bytes", "4Ki", "--trials", "1"),
          "bench heat": ("--points", "16x16", "--trials", "1", "--steps", "1"),
          "bench collectives": ("--sizes", "8", "--seconds", "0.001", "--operations", "bcast"),
          "bench combine": ("--bytes", "4Ki", "--trials", "1"),
          "bench p2p": ("--sizes", "8", "--trials", "1"),
          "bench choice": ("--sizes", "8", "--seconds", "0.001", "--operations", "bcast"),
          "bench network": ("--seconds", "0.05", "--out", "numbers"),
          "bench store": ("--bytes", "8Ki", "--trials", "1"),
          "bench gpu": ("--bytes", "8Ki", "--trials", "1"), "doctor": ("--timeout", "20")}
WEIGHTS = {"reduce": 6, "heat": 6, "scatter": 6, "gather": 5, "alltoall": 6, "bcast": 5, "map": 5, "list": 3,
           "p2p": 3, "bench sum": 2, "bench heat": 1, "bench collectives": 1, "bench combine": 1,
           "bench compare": 2, "bench p2p": 1, "bench choice": 1, "bench network": 1, "bench store": 1,
           "bench gpu": 1, "bench nothing": 1, "doctor": 1}


def known_options():
    """{program: [(option, kind of value)]}, from --help."""
    known = {}
    for program in WEIGHTS:
        words = program.split()
        text = subprocess.run([ARGUMENTS.build / "apps" / words[0], *words[1:], "--help"],
                              capture_output=True, text=True).stdout
        known[program] = re.findall(r"^  --([\w-]+)(?: (\S+))?", text, re.M)
    return known


KNOWN = known_options()


def prepare(folder):
    """Files that arguments name."""
    import h5py
    import numpy as np
    with h5py.File(folder / "a.h5", "w") as f:
        f["x"] = np.arange(60.0).reshape(6, 10)
        f["g/x"] = np.arange(5)
        f["t"] = np.array([b"ab", b"c"])
        f["wide"] = np.zeros((1, 2000), dtype="i2")
        f["empty"] = np.zeros((0, 3))
    (folder / "text.txt").write_text("text\n")
    (folder / "folder").mkdir()
    (folder / "folder" / "file").write_text("1")
    (folder / "link").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    if not os.geteuid():
        os.mknod(folder / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod(folder / "full", 0o666 | stat.S_IFCHR, os.makedev(1, 7))


def value_of(rng, name, kind):
    if name in SMALL:
        return rng.choice(SMALL[name])
    if "|" in kind:
        return rng.choice([*kind.split("|"), kind, "x"])
    if kind == "SIZE":
        return rng.choice(SIZES)
    if kind == "N":
        return rng.choice(INTEGERS)
    if kind == "X":
        return rng.choice(REALS)
    if name in ("out", "plot", "results", "network", "key", "folder"):
        return rng.choice(NAMES)
    return rng.choice(TEXTS)


def line(rng, program):
    words = [*program.split()]
    options_of = list(ALWAYS.get(program, ()))
    if program == "bench compare" and rng.random() < 0.5:
        words = ["bench", "--compare"]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        if rng.random() < 0.05 or not KNOWN[program]:
            options_of.append(rng.choice(("--nothing", "--", "-", "-x", "--=", "--out=", "--a\nb", "--help=1",
                                          "--json=1")))
            continue
        name, kind = rng.choice(KNOWN[program])
        if not kind:
            options_of.append(f"--{name}")
        elif rng.random() < 0.9:
            value = value_of(rng, name, kind)
            options_of += [f"--{name}={value}"] if rng.random() < 0.3 else [f"--{name}", value]
        else:
            options_of.append(f"--{name}")
    most = {"scatter": 1, "gather": 2, "alltoall": 1, "bcast": 2, "reduce": 1, "heat": 1, "map": 2,
            "bench compare": 2}
    count = most.get(program, 0)
    if rng.random() < 0.15:
        count = rng.randrange(count + 2)
    elif program in ("reduce", "heat") and rng.random() < 0.6:
        count = 0
    arguments = [rng.choice(NAMES) if rng.random() < 0.6 else "a.h5:/x" for _ in range(count)]
    if program == "map" and arguments:
        arguments[0] = rng.choice(EXPRESSIONS)
        arguments[1:] = [rng.choice(("a=", "a=", "", "=", "1=", "a b=")) + name for name in arguments[1:]]
    if program in ("scatter", "gather", "alltoall", "map") and rng.random() < 0.7:
        options_of += ["--out", rng.choice(("out%r.h5", "out.h5:/r", "out.h5"))]
    words += arguments + options_of if rng.random() < 0.7 else options_of + arguments
    return words


def one(case):
    rng = case.rng
    program = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    words = line(rng, program)
    ranks = rng.choice((0, 0, 0, 0, 2, 3))
    if ranks > ARGUMENTS.most_ranks:
        ranks = 0
    # An argument of a program cannot hold a 0, and the launcher reads none of them.
    command = case.command(ranks, words[0], *words[1:])
    prepare(case.folder)
    reasons = case.judge(case.end(case.start(command)))
    for name, kind in (("pipe", stat.S_IFIFO), ("null", stat.S_IFCHR), ("full", stat.S_IFCHR)):
        if (name == "pipe" or not os.geteuid()) and stat.S_IFMT((case.folder / name).lstat().st_mode) != kind:
            reasons.append(f"replaced {name}")
    if list(case.folder.rglob("PWNED*")):
        reasons.append("ran a command from its arguments")
    return program, " ".join(map(ascii, command)), reasons


sys.exit(campaign(ARGUMENTS, WEIGHTS, one))
