"""apps/alltoall against numpy's transpose, in pieces of every size, and every kind of bad input."""
import glob
import itertools

import h5py
import numpy as np
import pytest

from conftest import full, on_ranks

RNG = np.random.default_rng(7)
RECORD = np.dtype([("a", "i1"), ("b", ">f8"), ("c", "S3")])


def values(shape, dtype):
    bytes_ = RNG.integers(0, 256, int(np.prod(shape)) * np.dtype(dtype).itemsize, dtype="u1")
    return bytes_.view(dtype).reshape(shape)


def check(trireme, tmp_path, ranks, a, axes, *more, how=None):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        d = f.create_dataset("in/A", data=a, **(how or {}))
        d.attrs["units"] = "K"
    order = () if axes is None else ("--axes", ",".join(map(str, axes)))
    r = trireme(ranks, "alltoall", "a.h5:/in/A", "--out", "b.h5:/B", "--replace", "--verify", *order, *more)
    assert r.status == 0, r.err
    with h5py.File(tmp_path / "b.h5") as f:
        b = f["B"]
        expected = np.transpose(a, axes)
        assert b.dtype == a.dtype and b.shape == expected.shape and b.attrs["units"] == "K"
        assert b[()].tobytes() == np.ascontiguousarray(expected).tobytes(), (a.shape, axes)
        assert not list(f.attrs)
        return b.chunks, b.compression


@pytest.mark.parametrize("ranks", (3, *map(full, (1, 2, 5, 8))))
def test_two_dimensions(trireme, tmp_path, ranks):
    check(trireme, tmp_path, ranks, values((301, 203), "u8"), (1, 0), "--memory", "64Ki")
    check(trireme, tmp_path, ranks, values((2, 1000), "u2"), None)


@pytest.mark.parametrize("dtype", (">i2", "c16", RECORD, *map(full, ("u1", "u4", "f16"))))
def test_types(trireme, tmp_path, dtype):
    a = values((67, 129), "u1").astype(dtype) if dtype in ("f16", "c16") else values((67, 129), dtype)
    check(trireme, tmp_path, 3, a, (1, 0), "--memory", "32Ki")


@pytest.mark.parametrize("dtype", ("u1", "u8", *map(full, ("u2", "u4", "c16"))))
def test_whole_lines(trireme, tmp_path, dtype):
    """Of the cache, behind them a part of one; and rows that are long enough to be read piece by piece."""
    check(trireme, tmp_path, 1, values((200, 128), dtype).astype(dtype), None)
    check(trireme, tmp_path, 2, values((256, 64), dtype).astype(dtype), None)
    check(trireme, tmp_path, 3, values((64, 40000), dtype).astype(dtype), None, "--threads", 2)


AXES = [*itertools.permutations(range(3)), *list(itertools.permutations(range(4)))[1::4]]


@pytest.mark.parametrize("axes", [axes if k % 3 == 1 else full(axes) for k, axes in enumerate(AXES)])
def test_axes(trireme, tmp_path, axes):
    shape = (19, 12, 33) if len(axes) == 3 else (5, 8, 3, 21)
    check(trireme, tmp_path, 3, values(shape, "i4"), axes, "--memory", "8Ki", "--threads", 2)


@pytest.mark.parametrize("shape", ((0, 5), (3, 2, 1), *map(full, ((5, 0), (1, 1), (1, 40), (7, 1, 1, 2)))))
def test_few_elements(trireme, tmp_path, shape):
    check(trireme, tmp_path, 5, values(shape, "f8"), None)


def test_memory_for_one_element_each(trireme, tmp_path):
    check(trireme, tmp_path, 2, values((5, 7), "u8"), (1, 0), "--memory", 24)


def test_chunks(trireme, tmp_path):
    a = values((150, 90), "u4")
    how = {"chunks": (16, 32), "compression": "gzip"}
    # Chunks and compression of A are not those of B.
    assert check(trireme, tmp_path, 3, a, (1, 0), "--memory", "8Ki", how=how) == (None, None)
    for ranks in (1, 4):
        assert check(trireme, tmp_path, ranks, a, (1, 0), "--memory", "8Ki", "--chunk", "32,16",
                     how=how) == ((32, 16), None)
    assert check(trireme, tmp_path, 2, a, (1, 0), "--chunk", "500,1") == ((500, 1), None)


def test_repeat_and_record(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["A"] = values((40, 30), "f4")
    r = trireme(3, "alltoall", "a.h5", "--out", "b.h5", "--repeat", 2, "--warmup", 1, "--json").json
    assert r["results"]["bytes"]["value"] == 4800 and r["results"]["shape"] == "40 x 30"
    assert r["results"]["out_shape"] == "30 x 40"
    # Of 40 rows 14, 13 and 13 are read, of 30 columns 10 written by each: two thirds go to another rank.
    assert r["results"]["sent_bytes"]["value"] == 3200
    with h5py.File(tmp_path / r["record"]) as f:
        assert f["timing/communicate"].shape == (3, 2)


BAD = [
    ((), 2, "FILE.h5:/A is missing"),
    (("a.h5:/A",), 2, "--out is missing"),
    (("a.h5:/A", "--out", "b.h5", "--axes", "1,1"), 2, "--axes: '1,1' is not a permutation of 0 to 1"),
    (("a.h5:/A", "--out", "b.h5", "--axes", "0"), 2, "not a permutation"),
    (("a.h5:/A", "--out", "b.h5", "--axes", "0,1,2"), 2, "not a permutation"),
    (("a.h5:/A", "--out", "b.h5", "--axes", "0,2"), 2, "not a permutation"),
    (("a.h5:/A", "--out", "b.h5", "--axes", "-1,0"), 2, "not a permutation"),
    (("a.h5:/A", "--out", "b.h5", "--axes", "1;0"), 2, "not a permutation"),
    (("a.h5:/A", "--out", "b.h5", "--axes", ""), 2, "--axes is empty"),
    (("a.h5:/A", "--out", ""), 2, "--out is empty"),
    (("a.h5:/A", "--out", "./a.h5:/B", "--replace"), 2, "'./a.h5' is also an input"),
    (("a.h5:/A", "--out", "folder"), 4, "'folder' is a folder"),
    (("a.h5:/A", "--out", "b.h5", "--chunk", "8"), 2, "--chunk: '8' is not 2 positive numbers"),
    (("a.h5:/A", "--out", "b.h5", "--chunk", "0,8"), 2, "--chunk"),
    (("a.h5:/A", "--out", "b.h5", "--chunk", "65536,65536"), 2, "--chunk"),
    (("a.h5:/A", "--out", "b.h5", "--memory", "23"), 2, "--memory: too small for"),
    (("a.h5:/A", "--out", "b.h5", "--device", "auto"), 2, "does not use a device"),
    (("a.h5:/line", "--out", "b.h5"), 4, "has 1 dimensions; alltoall permutes 2 to 4"),
    (("a.h5:/five", "--out", "b.h5"), 4, "has 5 dimensions; alltoall permutes 2 to 4"),
    (("a.h5:/scalar", "--out", "b.h5"), 4, "has 0 dimensions"),
    (("a.h5:/text", "--out", "b.h5"), 4, "fixed size"),
    (("a.h5:/none", "--out", "b.h5"), 4, "no dataset '/none'"),
    (("none.h5:/A", "--out", "b.h5"), 4, "none.h5"),
    (("cut.h5:/A", "--out", "b.h5"), 4, "cut.h5"),
    (("a.h5:/A", "--out", "cut.h5:/B"), 4, "'cut.h5' exists: remove it, use --replace"),
    (("a.h5:/A", "--out", "a.h5/b.h5:/B"), 4, "a file has the name of a folder"),
]


@pytest.mark.parametrize("ranks,arguments,status,text", on_ranks(BAD, 3))
def test_bad_input(trireme, tmp_path, ranks, arguments, status, text):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["A"], f["line"], f["five"], f["scalar"] = np.zeros((9, 8)), np.zeros(3), np.zeros((1,) * 5), 1.0
        f["text"] = [["a", "bc"]]
    data = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(data[:len(data) // 2])
    (tmp_path / "folder").mkdir()
    r = trireme(ranks, "alltoall", *arguments)
    assert r.status == status, r.err
    lines = r.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("alltoall: [rank ") and text in lines[0], r.err
    assert r.out == "" and not glob.glob(str(tmp_path / "b.h5*"))
    assert not glob.glob(str(tmp_path / "results/*"))
    assert (tmp_path / "a.h5").read_bytes() == data


def test_where_elements_lie(trireme, tmp_path):
    """Behind a block of the user's, nowhere yet, in another file, and the other way round in their bytes."""
    values = np.arange(60.0).reshape(6, 10)
    (tmp_path / "raw").write_bytes(values.tobytes())
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as f:
        f["block"] = values
        f.create_dataset("nowhere", (6, 10), "f8", fillvalue=3.5)
        f.create_dataset("outside", (6, 10), "f8", external=[(str(tmp_path / "raw"), 0, 480)])
        f["turned"] = values.astype(">f8")
    for name, expected in (("block", values), ("nowhere", np.full((6, 10), 3.5)), ("outside", values),
                           ("turned", values)):
        r = trireme(2, "alltoall", f"a.h5:/{name}", "--out", f"{name}.h5", "--memory", 300)
        assert r.status == 0, r.err
        with h5py.File(tmp_path / f"{name}.h5") as f:
            assert (f[name][()] == expected.T).all(), name


@pytest.mark.parametrize("ranks", (2, 3))
def test_bandwidth(trireme, tmp_path, ranks):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["A"] = np.zeros((300, 200))
    r = trireme(ranks, "alltoall", "a.h5", "--out", "b.h5", "--bandwidth", "--json")
    rate, most, share = (float.fromhex(r.value(name)) for name in ("crossed", "bisection", "bisection_share"))
    assert rate > 0 and most > 0 and share == rate / most
    # Of two ranks all that is sent passes from one half to the other; of three, what rank 0 sends and gets.
    seconds = max(h5py.File(tmp_path / r.json["record"])["timing/communicate"][()].ravel())
    crossed = 300 * 200 * 8 * (2 * (ranks - 1)) / ranks ** 2
    assert abs(rate * seconds / crossed - 1) < 0.02


def test_bandwidth_of_one_rank(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["A"] = np.zeros((3, 2))
    r = trireme(1, "alltoall", "a.h5", "--out", "b.h5", "--bandwidth")
    assert r.status == 2 and "--bandwidth needs two ranks" in r.err


def test_disk_full(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["A"] = np.zeros((600, 500))
    (tmp_path / "full").mkdir()
    wrap = ("unshare", "--mount", "--map-root-user", "sh", "-c",
            'mount -t tmpfs -o size=1m none full; "$@"; s=$?; ls -A full | sed "s/^/left: /" >&2; exit $s',
            "sh")
    if trireme(0, "alltoall", "--version", wrap=wrap).status:
        pytest.skip("no user namespaces here")
    for more in ((), ("--chunk", "50,50")):
        r = trireme(0, "alltoall", "a.h5", "--out", "full/b.h5", *more, wrap=wrap)
        assert r.status == 4 and "the disk is full" in r.err and len(r.err.strip().splitlines()) == 1, r.err


def test_help(trireme):
    for option in ("--help", "--man", "--completion"):
        r = trireme(0, "alltoall", option)
        assert r.status == 0 and "axes" in r.out and not r.err
