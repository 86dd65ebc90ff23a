"""Progress on long runs: lines where standard error is no terminal, in place on one, none on request."""
import os
import pty
import re
import subprocess

import pytest

from conftest import BUILD

HEAT = ("--points", "32x32", "--steps", 50, "--results", "none")
LINE = r"heat: computing: +\d+ %, \S+ steps/s, \d+ s left"


def test_lines(trireme):
    r = trireme(2, "heat", *HEAT, "--progress", "1e-9")
    lines = r.err.splitlines()
    # The first step sets the clock, the last one needs no line.
    assert r.status == 0 and len(lines) == 48 and all(re.fullmatch(LINE, line) for line in lines), r.err
    assert [int(re.search(r"(\d+) %", line)[1]) for line in lines] == [2 * k for k in range(2, 50)]


@pytest.mark.parametrize("words", ((), ("--progress", 0), ("--progress", "1e-9", "--quiet")))
def test_none(trireme, words):
    """The default is a line every 30 s."""
    assert trireme(0, "heat", *HEAT, *words).err == ""


@pytest.mark.parametrize("program, words", (
    ("reduce", ("--count", "16Mi")),
    ("bench", ("sum", "--bytes", "1Mi", "--trials", 2)),
    ("bench", ("collectives", "--sizes", "8,64,512", "--operations", "bcast", "--seconds", "0.01"))))
def test_all_programs(trireme, program, words):
    r = trireme(1, program, *words, "--threads", 1, "--results", "none", "--progress", "1e-9")
    assert r.status == 0 and re.search(r"^\S+: \w+: +\d+ %, \S+ \w+/s, .* left$", r.err, re.M), r.err


def test_terminal(tmp_path):
    """The text is replaced in place and cleared at the end, so that nothing remains."""
    master, slave = pty.openpty()
    done = subprocess.Popen([BUILD / "apps/heat", "--points", "256x256", "--steps", "1000000",
                             "--checkpoint", "c.h5"], cwd=tmp_path, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=slave)
    text = b""
    while text.count(b"\r") < 3:
        text += os.read(master, 4096)
    done.terminate()
    os.close(slave)
    try:
        while more := os.read(master, 4096):
            text += more
    except OSError:
        pass
    assert done.wait() == 75
    assert text.startswith(b"\rheat: computing:") and b"left\033[K\r" in text
    assert b"\r\033[Kheat: [rank 0 of 1" in text, text[-300:]


def test_bad(trireme):
    r = trireme(0, "heat", *HEAT, "--progress", "-1")
    assert r.status == 2 and r.err.endswith("] --progress: at least 0\n") and r.err.count("\n") == 1
