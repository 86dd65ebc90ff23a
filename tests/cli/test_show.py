"""apps/show: result files of programs and of h5py, as tables, CSV and JSON; filters; bad files."""
import csv
import io
import json
import re

import h5py
import numpy as np
import pytest

from conftest import BUILD

HOSTILE = "a,\"b\"\n\x1b[31m<script>"


@pytest.fixture
def results(tmp_path):
    """Three runs of a program on 1, 2 and 4 ranks."""
    folder = tmp_path / "r"
    folder.mkdir()
    for ranks in (1, 2, 4):
        with h5py.File(folder / f"run-{ranks}.h5", "w") as f:
            f.attrs["program"] = "sums" if ranks < 4 else HOSTILE
            f.attrs["verdict"] = "right"
            f.attrs["ranks"] = ranks
            f.attrs["complete"] = 1
            f.attrs["fixed"] = np.bytes_("abc")
            f.attrs["option_count"] = "1Ki"
            f["results/mean"] = 0.1 * ranks
            f["results/mean"].attrs["units"] = "1"
            f["results/long"] = np.int64(2**62 + ranks)
            f["timing/run"] = np.arange(3.0 * ranks).reshape(ranks, 3)
            f["timing/run"].attrs["units"] = "s"
            f["samples/x"] = np.array([5, 1, np.nan, 3.0])
            f["samples/x"].attrs["units"] = "GB/s"
            f["flags"] = np.array([True, False])
            f["empty"] = np.zeros((0, 4))
    return folder


def test_a_program(trireme, tmp_path):
    r = trireme(2, "reduce", "--count", 1000, "--verify", "--repeat", 3, "--results", "r")
    assert r.status == 0
    path = re.search(r"^record +(\S+)$", r.out, re.M)[1]
    shown = trireme(0, "show", path).out
    rows = dict(re.findall(r"^(\w+) +(.*)$", shown, re.M))
    assert (rows["program"], rows["verdict"], rows["count"]) == ("reduce", "right", "1000")
    # Every line of the program's own table is there, with the same digits.
    for line in r.out.splitlines():
        name, value = re.fullmatch(r"(\S+) +(.*)", line).groups()
        if name not in ("time", "where", "record"):
            assert rows[name].split()[0] == value.split()[0], name
    seconds = float(re.search(r"run ([0-9.]+) s", r.out)[1])
    assert float(rows["run"].split()[0]) == pytest.approx(seconds, abs=1e-6)
    attributes = json.loads(trireme(0, "show", path, "--json").out)[0]["attributes"]
    with h5py.File(tmp_path / path) as f:
        for name, value in f.attrs.items():
            assert attributes[name] == (value.tolist() if isinstance(value, np.ndarray) else value), name
        assert list(attributes)[0] == "program"


def test_table(trireme, results):
    r = trireme(0, "show", "r")
    lines = r.out.splitlines()
    assert r.status == 0 and len(lines) == 4 and lines[0].split()[-2:] == ["time", "(s)"]
    # The slowest rank's median over the repeats: 1, 4, 10.
    assert [line.split()[-1] for line in lines[1:]] == ["1", "4", "10"]
    assert "\x1b" not in r.out and "\\x1b[31m<script>" in r.out


def test_csv(trireme, results):
    columns = "program,ranks,mean,long,run,samples/x,count,fixed,nothing,file"
    r = trireme(0, "show", *(f"r/run-{k}.h5" for k in (4, 1)), "--csv", "--columns", columns)
    rows = list(csv.DictReader(io.StringIO(r.out.replace("\r\n", "\n"), newline="")))
    assert rows[0] == {"program": HOSTILE, "ranks": "4", "mean": "0.40000000000000002",
                       "long": str(2**62 + 4), "run": "10", "samples/x": "3", "count": "1Ki", "fixed": "abc",
                       "nothing": "", "file": "run-4.h5"}
    assert float(rows[1]["mean"]) == 0.1 and rows[1]["program"] == "sums"


def test_json(trireme, results):
    first = json.loads(trireme(0, "show", "r/run-2.h5", "--json").out)[0]
    assert first["attributes"]["ranks"] == 2 and first["attributes"]["fixed"] == "abc"
    assert first["datasets"]["timing/run"] == {"shape": [2, 3], "units": "s", "long_name": "",
                                               "values": [[0, 1, 2], [3, 4, 5]]}
    assert first["datasets"]["samples/x"]["values"] == [5, 1, "nan", 3]
    assert first["datasets"]["flags"]["values"] is None and first["datasets"]["empty"]["values"] == []
    some = json.loads(trireme(0, "show", "r", "--json", "--columns", "ranks,mean").out)
    assert some == [{"ranks": k, "mean": 0.1 * k} for k in (1, 2, 4)]


@pytest.mark.parametrize("where, ranks", (
    ("program=sums", "1 2"), ("ranks>=2", "2 4"), ("ranks!=2,mean<0.3", "1"), ("program~script", "4"),
    ("run<=4", "1 2"), ("nothing!=1", "1 2 4"), ("ranks=2.0", "2"), ("fixed>abb,ranks>1", "2 4")))
def test_where(trireme, results, where, ranks):
    r = trireme(0, "show", "r", "--where", where, "--csv", "--columns", "ranks")
    assert " ".join(r.out.split()[1:]) == ranks, r.err


@pytest.mark.parametrize("words, status, text", (
    (("r", "--where", "ranks"), 2, "'ranks' is not NAME=VALUE"),
    (("r", "--where", "=3"), 2, "is not NAME=VALUE"),
    (("r", "--csv", "--json"), 2, "choose one"),
    (("r", "--columns", ","), 2, "at least one"),
    (("r", "--where", "ranks=77"), 4, "no file"),
    (("none.h5",), 4, "cannot open 'none.h5': no such file"),
    (("empty",), 4, "'empty' has no .h5 file"),
    (("text.h5",), 4, "is not an HDF5 file"),
    ((), 2, "FILE.h5 is missing")))
def test_bad(trireme, results, tmp_path, words, status, text):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.h5").write_text("text")
    r = trireme(0, "show", *words)
    assert r.status == status and text in r.err and len(r.err.splitlines()) == 1 and not r.out, (r.err, r.out)


def test_others_are_shown(trireme, results):
    """A file that cannot be read hides no other."""
    (results / "bad.h5").write_bytes((results / "run-1.h5").read_bytes()[:1500])
    (results / "worse.h5").write_text("")
    r = trireme(0, "show", "r", "--csv", "--columns", "ranks")
    assert r.status == 4 and r.out.split() == ["ranks", "1", "2", "4"]
    assert "bad.h5" in r.err and "and 1 more" in r.err and len(r.err.splitlines()) == 1


def test_damaged(trireme, results):
    """HDF5 crashes or loops on some damaged files: a child looks first."""
    data = bytearray((results / "run-1.h5").read_bytes())
    heap = data.index(b"GCOL")
    data[heap + 16:heap + 32] = bytes(16)
    (results / "run-1.h5").write_bytes(data)
    r = trireme(0, "show", "r/run-1.h5", env={"TRIREME_HDF5_SECONDS": "0.3"})
    assert r.status == 4 and "damaged" in r.err and len(r.err.splitlines()) == 1, r.err


def test_behind_a_launcher(trireme, results):
    assert trireme(2, "show", "r", "--csv", "--columns", "ranks").out.split() == ["ranks", "1", "2", "4"]


def test_texts(trireme):
    for option in ("--help", "--man", "--completion", "--version"):
        r = trireme(0, "show", option)
        assert r.status == 0 and "show" in r.out and not r.err
    assert "Usage: trireme show [OPTION...] FILE.h5..." in trireme(0, "show", "--help").out
    assert (BUILD / "apps" / "show").exists()
