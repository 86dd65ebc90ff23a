"""apps/scatter and apps/gather: round trips compared by h5diff, the parts by h5py, and every kind of bad
input."""
import glob
import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest

from conftest import full, on_ranks

RNG = np.random.default_rng(6)
COMPOUND = np.array([(i % 7, b"name%d" % i, i * 0.5) for i in range(3001)], dtype=[("id", "i2"), ("n", "S8"),
                                                                                   ("v", ">f8")])
DATASETS = {
    "doubles": (RNG.normal(size=20011), {}),
    "compressed": (RNG.normal(size=(1001, 5, 7)).astype("f4"),
                   {"chunks": (64, 5, 4), "compression": "gzip", "shuffle": True, "maxshape": (None, 5, 7)}),
    "big-endian": (np.arange(4444).reshape(1111, 2, 1, 2).astype(">i2"), {}),
    "compound": (COMPOUND, {"chunks": (100,)}),
    "bool": (RNG.integers(0, 2, (77, 3)).astype(bool), {}),
    "complex": (RNG.normal(size=64) + 1j, {}),
    "strings": (np.array([b"a", b"bcd", b""] * 5), {}),
    "few rows": (np.arange(6.0).reshape(2, 3), {"fillvalue": 9}),
    "no rows": (np.zeros((0, 4), "u1"), {"chunks": (8, 4), "maxshape": (None, 4)}),
    "no columns": (np.zeros((5, 0), "i8"), {}),
}


def make(path, values, **how):
    with h5py.File(path, "w") as f:
        d = f.create_dataset("group/x", data=values, **how)
        d.attrs["units"] = "K"
        d.attrs["list"] = ["one", "\u03b1"]
        d.attrs["matrix"] = np.arange(4, dtype=">f4").reshape(2, 2)
        d.attrs["nothing"] = h5py.Empty("f8")


# h5diff says so of a dataset without elements and itself.
NOTHING_TO_COMPARE = """--------------------------------
Some objects are not comparable
--------------------------------
Use -c for a list of objects.
"""


def same(a, b):
    done = subprocess.run(["h5diff", a, b], capture_output=True, text=True)
    return done.returncode == 0 and not done.stdout.replace(NOTHING_TO_COMPARE, "")


def one_line(r, program, status, *texts):
    assert r.status == status, (r.status, r.out, r.err)
    lines = r.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith(program + ": "), r.err
    assert all(text in lines[0] for text in texts), r.err
    assert r.out == ""


ROUND_TRIPS = [("doubles", 5, 2), full("doubles", 1, 3)]
FEW = ("big-endian", "compound", "compressed", "few rows", "no rows")
ROUND_TRIPS += [(name, 3, 5) if name in FEW else full(name, 3, 5) for name in DATASETS if name != "doubles"]
ROUND_TRIPS += [full(name, 8, 2) for name in DATASETS if name != "doubles"]


@pytest.mark.parametrize("name, split, join", ROUND_TRIPS)
def test_round_trip(trireme, tmp_path, name, split, join):
    values, how = DATASETS[name]
    make(tmp_path / "a.h5", values, **how)
    r = trireme(split, "scatter", "a.h5:/group/x", "--out", "parts/p%r.h5", "--memory", "8Ki", "--verify",
                "--json")
    assert r.json["results"]["rows"]["value"] == len(values)
    first = 0
    for part in range(split):
        with h5py.File(tmp_path / f"parts/p{part}.h5") as f:
            d = f["group/x"]
            assert d.dtype == values.dtype and d.attrs["units"] == "K"
            assert (d[()] == values[first:first + len(d)]).all()
            assert (f.attrs["part"], f.attrs["parts"], f.attrs["first_row"]) == (part, split, first)
            assert (f.attrs["rows"], f.attrs["total_rows"]) == (len(d), len(values))
            assert abs(len(d) - len(values) / split) < 1
            first += len(d)
    assert first == len(values)
    r = trireme(join, "gather", "parts/*.h5", "--out", f"b{split}.h5:/group/x", "--memory", "8Ki", "--verify")
    assert r.status == 0, r.err
    assert same(tmp_path / "a.h5", tmp_path / f"b{split}.h5")
    with h5py.File(tmp_path / "a.h5") as a, h5py.File(tmp_path / f"b{split}.h5") as b:
        a, b = a["group/x"], b["group/x"]
        assert (a.chunks, a.compression, a.maxshape) == (b.chunks, b.compression, b.maxshape)
        assert a.attrs["list"].tolist() == b.attrs["list"].tolist()
        assert b.attrs["nothing"].shape is None
    assert not glob.glob(str(tmp_path / "**/*.part"), recursive=True)


def test_weights(trireme, tmp_path):
    make(tmp_path / "a.h5", np.arange(100.0))
    for weights, rows in (("1,2,1", (25, 50, 25)), ("0,0,3", (0, 0, 100)), ("1,1,0.5", (40, 40, 20))):
        r = trireme(3, "scatter", "a.h5", "--out", "p%r.h5", "--weights", weights, "--replace", "--verify",
                    "--json")
        with h5py.File(tmp_path / r.json["record"]) as f:
            assert tuple(f["rows_of_part"][()]) == rows
    assert trireme(2, "gather", "p2.h5", "p0.h5", "p1.h5", "--out", "b.h5:/group/x").status == 0
    assert same(tmp_path / "a.h5", tmp_path / "b.h5")


@pytest.mark.parametrize("key", ("2", "/runs", *map(full, ("/owner", "real"))))
def test_key(trireme, tmp_path, key):
    values = RNG.integers(0, 100, (2003, 4)).astype("i4")
    owners = RNG.integers(0, 5, 2003)
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["x"], f["owner"], f["real"] = values, owners, owners.astype("f4")
        f["runs"] = np.sort(owners)
    numbers = {"2": values[:, 2], "/runs": np.sort(owners)}.get(key, owners)
    r = trireme(3, "scatter", "a.h5:/x", "--out", "p%r.h5", "--key", key, "--memory", "4Ki", "--verify")
    assert r.status == 0, r.err
    for part in range(3):
        with h5py.File(tmp_path / f"p{part}.h5") as f:
            rows = np.flatnonzero(numbers % 3 == part)
            assert (f["row_numbers"][()] == rows).all() and (f["x"][()] == values[rows]).all()
    r = trireme(4, "gather", "p*.h5", "--out", "b.h5:/x", "--memory", "4Ki", "--verify")
    assert r.status == 0, r.err
    with h5py.File(tmp_path / "b.h5") as f:
        assert (f["x"][()] == values).all()


def test_key_of_a_vector(trireme, tmp_path):
    """It is its own column 0."""
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["owner"] = RNG.integers(0, 5, 2003)
    r = trireme(2, "scatter", "a.h5:/owner", "--out", "o%r.h5", "--key", "0", "--verify")
    assert r.status == 0, r.err
    with h5py.File(tmp_path / "o1.h5") as f:
        assert (f["owner"][()] % 2 == 1).all()


def test_parts_of_other_programs(trireme, tmp_path):
    values = np.arange(36.0).reshape(18, 2)
    for number, rows in ((2, slice(0, 5)), (10, slice(5, 5)), (11, slice(5, 18))):
        with h5py.File(tmp_path / f"rank{number}.h5", "w") as f:
            f["y"] = values[rows]
    # One rank of many sees the order of names too; the dataset's name comes from --out, or is the only one.
    assert trireme(2, "gather", "rank*.h5", "--out", "b.h5:/y", "--verify").status == 0
    assert trireme(1, "gather", "rank*.h5", "--out", "c.h5").status == 0
    for name in "bc":
        with h5py.File(tmp_path / f"{name}.h5") as f:
            assert (f["y"][()] == values).all() and not list(f.attrs)


def test_root_alone_sees_the_file(trireme, tmp_path, rank_wrapper):
    """Ranks other than 0 that cannot even look into the folder of the file still get their parts."""
    make(tmp_path / "a.h5", np.arange(30.0))
    (tmp_path / "data").mkdir()
    shutil.move(tmp_path / "a.h5", tmp_path / "data/a.h5")
    hide = (*rank_wrapper(1, 'exec unshare --mount sh -c \'mount -t tmpfs none data && exec "$@"\' sh "$@"'),)
    if trireme(0, "scatter", "--version", wrap=("unshare", "--mount")).status:
        pytest.skip("no mount namespaces here")
    r = trireme(2, "scatter", "data/a.h5:/group/x", "--out", "p%r.h5", "--verify", wrap=hide)
    assert r.status == 0, r.err
    r = trireme(2, "gather", "p*.h5", "--out", "data/b.h5:/group/x", "--verify")
    assert r.status == 0, r.err
    assert same(tmp_path / "data/a.h5", tmp_path / "data/b.h5")


BAD_SCATTER = [
    ((), 2, "FILE.h5:/DATASET is missing"),
    (("good.h5:/x",), 2, "--out is missing"),
    (("good.h5:/x", "--out", "p.h5"), 2, "%r"),
    (("good.h5:/x", "--out", "p%r.h5", "--weights", "1,2"), 2, "--weights: '1,2' is not 3 numbers"),
    (("good.h5:/x", "--out", "p%r.h5", "--weights", "1,-2,1"), 2, "--weights"),
    (("good.h5:/x", "--out", "p%r.h5", "--weights", "0,0,0"), 2, "all are 0"),
    (("good.h5:/x", "--out", "p%r.h5", "--weights", "1,1,1", "--key", "0"), 2, "exclude"),
    (("good.h5:/x", "--out", "p%r.h5", "--weights", "1e308,1e308,0"), 2, "their sum is too large"),
    (("good.h5:/x", "--out", "p%r.h5", "--key", "4"), 2, "no column 4: it has 4"),
    (("good.h5:/x", "--out", "p%r.h5", "--key", "99999999999999999999"), 2, "no column 99999999999999999999"),
    (("good.h5:/half", "--out", "p%r.h5", "--key", "1"), 2, "no column 1: it has 1"),
    (("old1.h5", "--out", "old%r.h5", "--replace"), 2, "'old1.h5' is also an input"),
    (("good.h5:/x", "--out", "p%r.h5", "--key", "1"), 4, "row 3 of '/x' has -1"),
    (("good.h5:/x", "--out", "p%r.h5", "--key", "/half"), 4, "row 0 of '/half' has 0.5"),
    (("good.h5:/x", "--out", "p%r.h5", "--key", "/short"), 4, "not one number for each of the 10 rows"),
    (("good.h5:/x", "--out", "p%r.h5", "--key", "/none"), 4, "no dataset '/none'"),
    (("good.h5:/x", "--out", "p%r.h5", "--memory", "8"), 2, "a row takes 32 bytes"),
    (("good.h5:/x", "--out", "p%r.h5", "--device", "auto"), 2, "does not use a device"),
    (("good.h5:/scalar", "--out", "p%r.h5"), 4, "has no rows"),
    (("good.h5:/text", "--out", "p%r.h5"), 4, "fixed size"),
    (("good.h5:/y", "--out", "p%r.h5"), 4, "/y"),
    (("none.h5:/x", "--out", "p%r.h5"), 4, "none.h5"),
    (("text.txt:/x", "--out", "p%r.h5"), 4, "text.txt"),
    (("good.h5:/x", "--out", "good.h5/p%r.h5"), 4, "a file has the name of a folder"),
    (("good.h5:/x", "--out", "old%r.h5"), 4, "'old1.h5' exists"),
]


def needs_three(arguments):
    """Parts 0 to 2 have weights, or part 1 is there already."""
    return "--weights" in arguments or "old%r.h5" in arguments


@pytest.mark.parametrize("ranks,arguments,status,text", on_ranks(BAD_SCATTER, 3, needs_three))
def test_bad_scatter(trireme, tmp_path, ranks, arguments, status, text):
    with h5py.File(tmp_path / "good.h5", "w") as f:
        f["x"] = np.arange(40).reshape(10, 4) % 14
        f["x"][3, 1] = -1
        f["half"], f["short"], f["scalar"], f["text"] = np.full(10, 0.5), np.arange(9), 1.0, ["a", "bc"]
    (tmp_path / "text.txt").write_text("1\n" * 1000)
    (tmp_path / "old1.h5").write_text("old")
    one_line(trireme(ranks, "scatter", *arguments), "scatter", status, text)
    assert not glob.glob(str(tmp_path / "p*.h5*")) and not glob.glob(str(tmp_path / "**/*.part"),
                                                                     recursive=True)
    assert not glob.glob(str(tmp_path / "old[02].h5*"))
    assert (tmp_path / "old1.h5").read_text() == "old"


@pytest.fixture
def parts(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["x"], f["key"], f["other"] = np.arange(40.0).reshape(20, 2), np.arange(20) % 4, np.arange(20)
    for out, more in (("p/%r.h5", ()), ("k/%r.h5", ("--key", "/key")), ("again/%r.h5", ())):
        assert trireme(4, "scatter", "a.h5:/x", "--out", out, *more, "--quiet").status == 0
    assert trireme(4, "scatter", "a.h5:/other", "--out", "o/%r.h5", "--quiet").status == 0
    return tmp_path


@pytest.mark.parametrize("ranks", (0, full(3)))
def test_bad_gather(trireme, parts, ranks):
    def bad(status, text, *arguments):
        one_line(trireme(ranks, "gather", *arguments), "gather", status, text)
        assert not glob.glob(str(parts / "b.h5*")), arguments

    bad(2, "PART.h5 is missing")
    bad(2, "--out is missing", "p/*.h5")
    bad(2, "a row takes", "p/*.h5", "--out", "b.h5:/x", "--memory", "3")
    bad(2, "'p/2.h5' is also an input", "p/*.h5", "--out", "p/2.h5:/x", "--replace")
    bad(4, "cannot open 'q/*.h5'", "q/*.h5", "--out", "b.h5:/x")
    bad(4, "cannot open 'p/9.h5'", "p/0.h5", "p/9.h5", "--out", "b.h5:/x")
    bad(4, "no dataset '/y'", "p/*.h5", "--out", "b.h5:/y")
    bad(4, "split file 3 of 4 is missing: no file has rows 15 to 19", "p/[0-2].h5", "--out", "b.h5:/x")
    bad(4, "split file 0 of 4 is missing: no file has rows 0 to 4", "p/[1-3].h5", "--out", "b.h5:/x")
    bad(4, "split files 1 to 2 of 4 are missing: no file has rows 5 to 14", "p/0.h5", "p/3.h5",
        "--out", "b.h5:/x")
    bad(4, "split file 2 of 4 is missing", "k/[013].h5", "--out", "b.h5:/x")
    bad(4, "different splits", "p/[01].h5", "again/[23].h5", "--out", "b.h5:/x")
    bad(4, "no dataset '/x'", "p/*.h5", "o/*.h5", "--out", "b.h5:/x")
    shutil.copy(parts / "p/1.h5", parts / "p/copy.h5")
    bad(4, "are both split file 1", "p/*.h5", "--out", "b.h5:/x")
    (parts / "p/copy.h5").unlink()
    bad(4, "they do not belong together", "p/*.h5", "a.h5", "--out", "b.h5:/x")
    with h5py.File(parts / "narrow.h5", "w") as f:
        f["x"] = np.zeros((3, 3))
    bad(4, "differ in type or shape", "a.h5", "narrow.h5", "--out", "b.h5:/x")
    data = (parts / "p/2.h5").read_bytes()
    (parts / "p/2.h5").write_bytes(data[:len(data) // 2])
    bad(4, "p/2.h5", "p/*.h5", "--out", "b.h5:/x")
    # Row numbers that do not fit together: a row twice, and one that nobody has.
    with h5py.File(parts / "k/1.h5", "r+") as f:
        f["row_numbers"][2] = 8
    bad(4, "rows 8 to 8 are in two split files", "k/*.h5", "--out", "b.h5:/x")
    with h5py.File(parts / "k/1.h5", "r+") as f:
        f["row_numbers"][2] = 1
    bad(4, "do not ascend", "k/*.h5", "--out", "b.h5:/x")
    (parts / "b.h5").write_text("old")
    one_line(trireme(2, "gather", "o/*.h5", "--out", "b.h5:/other"), "gather", 4, "'b.h5' exists")
    assert (parts / "b.h5").read_text() == "old"
    assert trireme(2, "gather", "o/*.h5", "--out", "b.h5:/other", "--replace").status == 0


def test_disk_full(trireme, tmp_path):
    """A full disk under one product: status 4, one line, nothing left there."""
    make(tmp_path / "a.h5", RNG.normal(size=(4000, 100)))
    make(tmp_path / "z.h5", RNG.normal(size=(4000, 100)), chunks=(100, 100), compression="gzip")
    (tmp_path / "full").mkdir()
    wrap = ("unshare", "--mount", "--map-root-user", "sh", "-c",
            'mount -t tmpfs -o size=1m none full; "$@"; s=$?; ls -A full | sed "s/^/left: /" >&2; exit $s',
            "sh")
    if trireme(0, "scatter", "--version", wrap=wrap).status:
        pytest.skip("no user namespaces here")
    for name in "az":
        r = trireme(0, "scatter", f"{name}.h5", "--out", "full/p%r.h5", wrap=wrap)
        one_line(r, "scatter", 4, "the disk is full")
        assert trireme(1, "scatter", f"{name}.h5", "--out", f"{name}%r.h5").status == 0
        r = trireme(0, "gather", f"{name}0.h5", "--out", "full/b.h5", wrap=wrap)
        one_line(r, "gather", 4, "the disk is full")


def test_repeat_and_record(trireme, tmp_path):
    make(tmp_path / "a.h5", np.arange(1000.0))
    r = trireme(2, "scatter", "a.h5", "--out", "%r/p%r.h5", "--repeat", 3, "--warmup", 1, "--json").json
    with h5py.File(tmp_path / r["record"]) as f:
        assert f["timing/run"].shape == (2, 3) and list(f["rows_of_part"]) == [500, 500]
    r = trireme(2, "gather", "0/p0.h5", "1/p1.h5", "--out", "b.h5", "--repeat", 2, "--json").json
    assert r["results"]["parts"]["value"] == 2 and same(tmp_path / "a.h5", tmp_path / "b.h5")


@pytest.mark.parametrize("program", ("scatter", "gather"))
def test_help(trireme, program):
    for option in ("--help", "--man", "--completion"):
        r = trireme(0, program, option)
        assert r.status == 0 and "memory" in r.out and not r.err
    assert re.search(r"--replace", trireme(0, program, "--help").out)
