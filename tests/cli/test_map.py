"""apps/map against NumPy, on any number of ranks, in pieces of every size, and every kind of bad input."""
import glob
import math
import os
import pathlib
import re
import subprocess

import h5py
import numpy as np
import pytest

from conftest import SOURCE, full, on_ranks

BUILD = pathlib.Path(os.environ["TRIREME_BUILD"])
RNG = np.random.default_rng(11)
TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")


@pytest.fixture(autouse=True, scope="module")
def device():
    done = subprocess.run([BUILD / "apps" / "list", "--devices"], capture_output=True, text=True,
                          timeout=1000)
    if done.returncode == 3 or "no OpenCL device" in done.stdout:
        pytest.skip("no OpenCL device")


def write(tmp_path, name="a.h5", how=None, **data):
    with h5py.File(tmp_path / name, "w") as f:
        for key, value in data.items():
            f.create_dataset(key, data=value, **(how or {}))


def run(trireme, ranks, expression, *arguments, out="r.h5:/r", status=0, **options):
    r = trireme(ranks, "map", expression, *arguments, *(("--out", out, "--replace") if out else ()),
                "--results", "none", **options)
    assert r.status == status, r.err
    return r


def result(tmp_path, *paths):
    with h5py.File(tmp_path / "r.h5") as f:
        assert sorted(f.attrs) == ["expression", "inputs"]
        found = [f[p] for p in paths or ("r",)]
        assert all(d.chunks is None for d in found)
        return found[0][()] if len(found) == 1 else [d[()] for d in found]


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("ranks", (3, *map(full, (1, 2, 5, 8))))
def test_ranks(trireme, tmp_path, ranks):
    """Pieces that end anywhere, of which ranks have different numbers."""
    x, y = RNG.normal(size=(31, 7, 43)), RNG.normal(size=(31, 7, 43))
    write(tmp_path, x=x, y=y)
    for memory in ("64Mi", "100Ki", 5000):
        run(trireme, ranks, "sqrt(x * x + y * y) - x / y", "x=a.h5:/x", "y=a.h5:/y", "--memory", memory,
            "--verify")
        assert same(result(tmp_path), np.sqrt(x * x + y * y) - x / y), memory


@pytest.mark.parametrize("shape", ((0, 5), (7, 1, 4099),
                                   *map(full, ((), (2, 1, 3), (0,), (3, 0), (1,), (2,), (1, 1), (5000, 3)))))
def test_shapes(trireme, tmp_path, shape):
    """No elements, fewer than ranks, and rows longer than pieces."""
    x = RNG.normal(size=shape)
    write(tmp_path, x=x)
    run(trireme, 5, "x * 2 + i", "x=a.h5:/x", "--memory", "16Ki", "--verify", "--reduce", "sum")
    i = np.arange(np.size(x), dtype="f8").reshape(shape)
    assert same(result(tmp_path), np.reshape(np.asarray(x * 2 + i), shape or (1,)))


def test_null_dataspace(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["x"] = h5py.Empty("f8")
    run(trireme, 2, "x + 1", "x=a.h5:/x", "--verify")
    assert result(tmp_path).shape == (0,)


FEW_TYPES = ("i1", "u8", "f4", ">i2", "f2")


@pytest.mark.parametrize("dtype", [t if t in FEW_TYPES else full(t) for t in (*TYPES, ">f4", ">i2", ">u8",
                                                                              "f2", "?")])
def test_types_of_inputs(trireme, tmp_path, dtype):
    """Every number goes in as what it is in C: so it fills a variable of that type, and back."""
    x = RNG.integers(-100, 100, 1001).astype(np.dtype(dtype).newbyteorder("="))
    write(tmp_path, x=x.astype(dtype))
    run(trireme, 2, "r = x; s = sizeof x", "x=a.h5:/x", "--memory", "8Ki", "--verify", out="r.h5:/r,/s")
    r, s = result(tmp_path, "r", "s")
    assert same(r, x.astype("f8")) and (s == {"f2": 8}.get(dtype, x.itemsize)).all()


def test_types_of_outputs(trireme, tmp_path):
    names = ("char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "float", "double")
    x = RNG.integers(0, 100, 1000).astype("i4")
    write(tmp_path, x=x)
    statements = "".join(f"{name} o{k} = x * 1;" for k, name in enumerate(names))
    run(trireme, 3, statements, "x=a.h5:/x", "--verify", "--memory", "32Ki",
        out="r.h5:" + ",".join(f"/deep/in/o{k}" for k in range(10)))
    for value, dtype in zip(result(tmp_path, *(f"deep/in/o{k}" for k in range(10))), TYPES):
        assert same(value, x.astype(dtype)), dtype


def test_statements(trireme, tmp_path):
    """Values between, one element for all, float arithmetic as NumPy's, the index."""
    x, y, k = RNG.normal(size=(40, 51)).astype("f4"), RNG.normal(size=(40, 51)).astype("f4"), np.float32(1.5)
    write(tmp_path, x=x, y=y, k=k, one=np.full((1, 1, 1), 7, "i8"))
    run(trireme, 3,
        "float t = x * x + k * y;\n float r = sqrt(t * t) / (y - one); long s = i * one; x > y ? s : -1;",
        "x=a.h5:/x", "y=a.h5:/y", "k=a.h5:/k", "one=a.h5:/one", "--memory", "8Ki", "--verify")
    t = x * x + k * y
    s = np.arange(x.size).reshape(x.shape) * 7
    assert same(result(tmp_path), np.where(x > y, s, -1).astype("f8"))
    run(trireme, 3, "float t = x * x + k * y;\n float r = sqrt(t * t) / (y - one); long s = i * one",
        "x=a.h5:/x", "y=a.h5:/y", "k=a.h5:/k", "one=a.h5:/one", "--memory", "8Ki", "--verify",
        out="r.h5:/s,/r")
    got_s, got_r = result(tmp_path, "s", "r")
    assert same(got_s, s) and same(got_r, np.sqrt(t * t) / (y - np.float32(7)))
    with h5py.File(tmp_path / "r.h5") as f:
        assert f["s"].attrs["long_name"] == f.attrs["expression"]
        assert list(f.attrs["inputs"]) == ["x=a.h5:/x", "y=a.h5:/y", "k=a.h5:/k", "one=a.h5:/one"]


def test_inputs_of_chunks_and_several_files(trireme, tmp_path):
    x, y = RNG.normal(size=(100, 90)), RNG.integers(-9, 9, (100, 90)).astype("i2")
    write(tmp_path, how={"chunks": (16, 32), "compression": "gzip"}, x=x)
    write(tmp_path, "b=1.h5", y=y, other=x)
    run(trireme, 3, "x * y", "x=a.h5", "y=b=1.h5:/y", "--memory", "20Ki", "--verify")
    assert same(result(tmp_path), x * y)


def test_not_a_number(trireme, tmp_path):
    x = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, 5e-324] * 9)
    write(tmp_path, x=x)
    run(trireme, 2, "1 / x", "x=a.h5:/x", "--verify", "--reduce", "max")
    with np.errstate(all="ignore"):
        assert np.array_equal(result(tmp_path), 1 / x, equal_nan=True)


@pytest.mark.parametrize("ranks", (full(1), full(3), 2))
def test_reduce(trireme, tmp_path, ranks):
    x = RNG.normal(size=70001) * 10.0 ** RNG.integers(-150, 150, 70001)
    write(tmp_path, x=x, n=RNG.integers(-2**63, 2**63 - 1, 5003, dtype="i8"))
    total = math.fsum((x * 3 - 1).tolist())
    for out in ("r.h5:/r", None):
        r = run(trireme, ranks, "x * 3 - 1", "x=a.h5:/x", "--reduce", "sum", "--memory", "100Ki",
                "--verify", "--json", "--threads", 2, out=out)
        assert float.fromhex(r.value("sum")) == total
    r = run(trireme, ranks, "r = x * 3; float s = x > 0 ? 1 : -1; s + r", "x=a.h5:/x", "--reduce", "min",
            "--verify", "--json", out=None)
    assert r.json["results"]["min_index"]["value"] == int(np.argmin(x))
    for expression, reduce, value in (("long r = n", "max", lambda n: n.max()),
                                      ("long r = n", "min", lambda n: n.min()),
                                      ("ulong r = n < 0 ? 0 : n", "max", lambda n: n.max())):
        r = run(trireme, ranks, expression, "n=a.h5:/n", "--reduce", reduce, "--verify", "--json",
                out="r.h5:/r")
        with h5py.File(tmp_path / "a.h5") as f:
            assert r.json["results"][reduce]["value"] == value(f["n"][()])
    r = run(trireme, ranks, "int r = x > 0; float s = x < 0", "x=a.h5:/x", "--reduce", "sum",
            "--json", "--verify", out="r.h5:/r,/s")
    assert float.fromhex(r.value("sum_r")) == (x > 0).sum()
    assert float.fromhex(r.value("sum_s")) == (x < 0).sum()


def test_reduce_nothing(trireme, tmp_path):
    write(tmp_path, x=np.zeros((0, 3)))
    r = run(trireme, 2, "x", "x=a.h5:/x", "--reduce", "min", "--verify", "--json").json
    assert r["results"]["min_index"]["value"] == -1
    assert float.fromhex(run(trireme, 2, "x", "x=a.h5:/x", "--reduce", "sum", "--json").value("sum")) == 0


def test_repeat_baseline_record(trireme, tmp_path):
    x = RNG.normal(size=30000)
    write(tmp_path, x=x)
    r = trireme(2, "map", "x + 1", "x=a.h5:/x", "--out", "r.h5:/r", "--repeat", 2, "--warmup", 1,
                "--baseline", "--memory", "100Ki", "--json").json
    assert r["results"]["ratio"]["value"] > 0 and r["results"]["elements"]["value"] == 30000
    assert same(result(tmp_path), x + 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.h5", "r.h5", "results"]
    with h5py.File(tmp_path / r["record"]) as f:
        assert f.attrs["option_EXPR"] == "x + 1" and f["timing/read"].shape == (2, 2)


@pytest.mark.skipif("TRIREME_ALTER" not in os.environ, reason="nothing is preloaded before a sanitizer")
def test_verify_finds_another_value(trireme, tmp_path):
    """Rank 1, which computes again what rank 0 has computed, reads another value."""
    write(tmp_path, x=np.zeros(300000))
    for out in ("r.h5:/r", None):
        r = run(trireme, 2, "2 * x", "x=a.h5:/x", "--memory", "1Mi", "--reduce", "sum", "--verify", status=1,
                out=out, wrap=("env", "LD_PRELOAD=" + os.environ["TRIREME_ALTER"]))
        assert ("when computed again" if out else "element by element") in r.err, r.err


def test_arithmetic_is_defined(trireme, tmp_path):
    """What ends a program in C, or depends on the device: division by zero, overflow, shifts, conversions."""
    n = np.array([-2**31, -2**31, 7, -7, 0, 2**31 - 1, 1], "i4")
    d = np.array([-1, 0, 0, 2, 0, -1, 40], "i4")
    x = np.array([1e300, -1e300, np.nan, np.inf, -np.inf, 2.5, -2.5])
    write(tmp_path, n=n, d=d, x=x)
    statements = ("int q = n / d; int m = n % d; int a = n - d; int g = -n; int l = n << d; int s = n >> d;"
                  "int c = x; uchar u = x; long w = (long)n << d; ulong b = (ulong)x")
    names = "qmaglscuwb"
    run(trireme, 2, statements, "n=a.h5:/n", "d=a.h5:/d", "x=a.h5:/x", "--verify",
        out="r.h5:" + ",".join("/" + name for name in names))
    q, m, a, g, l, s, c, u, w, b = result(tmp_path, *names)
    most, least = 2**31 - 1, -2**31
    assert q.tolist() == [least, 0, 0, -3, 0, -most, 0] and m.tolist() == [0, 0, 0, -1, 0, 0, 1]
    assert a.tolist() == [least + 1, least, 7, -9, 0, least, -39]
    assert g.tolist() == [least, least, -7, 7, 0, -most, -1]
    assert l.tolist() == [0, least, 7, -28, 0, least, 256] and s.tolist() == [-1, least, 7, -2, 0, 0, 0]
    assert c.tolist() == [most, least, 0, most, least, 2, -2] and u.tolist() == [255, 0, 0, 255, 0, 2, 0]
    assert w.tolist() == [0, least, 7, -28, 0, -2**63, 2**40]
    assert b.tolist() == [2**64 - 1, 0, 0, 2**64 - 1, 0, 2, 0]


def test_functions(trireme, tmp_path):
    """Each function of the document compiles, with double, float and integer arguments."""
    listed = re.findall(r"^X\((\w+), \"(\w+)\"\)", (SOURCE / "gpu" / "gpu_map_functions.def").read_text(),
                        re.MULTILINE)
    document = (SOURCE / "doc" / "programs.md").read_text()
    assert len(listed) > 70 and all(re.search(rf"\b{name}\b", document) for name, _ in listed)
    x, n = RNG.uniform(0.1, 0.9, 40), RNG.integers(1, 9, 40).astype("i2")
    write(tmp_path, x=x, n=n, y=x.astype("f4"))
    real = {"r": "xy", "i": "nn", "n": "nn", "m": "nn"}
    calls = [f"{name}({', '.join(real[k][which] for k in kinds[1:])})"
             for name, kinds in listed for which in ((0, 1) if "r" in kinds else (0,))]
    calls += ["min(x, y)", "max(n, i)", "clamp(n, 2, 5)", "as_long(x)", "as_float(1)", "convert_int(x)",
              "convert_char_sat(1000 * n)", "sizeof(n)", "(bool)x", "M_PI_F", "LONG_MIN", "NAN"]
    run(trireme, 0, "; ".join(f"v{k} = {' + '.join(calls[k::60])}" for k in range(60)) + "; v0",
        "x=a.h5:/x", "n=a.h5:/n", "y=a.h5:/y", "--verify")


BAD = [
    ((), 2, "EXPR is missing"),
    (("x",), 2, "--out is missing"),
    (("x", "--out", "b.h5:/r"), 2, "there is no input"),
    (("x", "a.h5:/x", "--out", "b.h5:/r"), 2, "'a.h5:/x' is not NAME=FILE.h5:/DATASET"),
    (("x", "x=a.h5:/x", "--out", "b.h5"), 2, "names no dataset"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/"), 2, "is not the name of a dataset"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/r,/"), 2, "is not the name of a dataset"),
    (("x", "x=a.h5:/x", "--out", "b.h5:" + ",".join(f"/r{k}" for k in range(17))), 2, "more than 16"),
    (("x", *(f"x{k}=a.h5:/x" for k in range(17)), "--out", "b.h5:/r"), 2, "17 inputs: at most 16"),
    (("x", "x=a.h5:/x", "--out", "a.h5:/r"), 2, "'a.h5' is also an input"),
    (("x", "x=a.h5:/x", "--out", "a.h5:/r", "--replace"), 2, "'a.h5' is also an input"),
    (("x", "x=a.h5:/x", "--out", "old.h5:/r"), 4, "'old.h5' exists"),
    (("x", "x=a.h5:/x", "--out", "a.h5/b.h5:/r"), 4, "a file has the name of a folder"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/r", "--memory", "31"), 2, "--memory: too small for"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/r", "--reduce", "mean"), 2, "--reduce"),
    (("x", "x=a.h5:/x", "--reduce", "sum", "--baseline"), 2, "--baseline"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/r", "--device", "none"), 2, "needs a device"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/r", "--device", "no such"), 3, "no such"),
    (("x + y", "x=a.h5:/x", "y=a.h5:/short", "--out", "b.h5:/r"), 4, "x is 4 x 3, but y is 12"),
    (("x", "x=a.h5:/text", "--out", "b.h5:/r"), 4, "strings"),
    (("x", "x=a.h5:/none", "--out", "b.h5:/r"), 4, "no dataset '/none'"),
    (("x", "x=none.h5:/x", "--out", "b.h5:/r"), 4, "none.h5"),
    (("x", "x=cut.h5:/x", "--out", "b.h5:/r"), 4, "cut.h5"),
    (("x", "x=a.h5:/x", "x=a.h5:/x", "--out", "b.h5:/r"), 2, "two inputs"),
    (("x", "2=a.h5:/x", "--out", "b.h5:/r"), 2, "'2' is not a name"),
    (("x", "i=a.h5:/x", "--out", "b.h5:/r"), 2, "'i' is the index"),
    (("x", "x=a.h5:/x", "--out", "b.h5:/r,/s"), 2, "one value for 2 outputs"),
    (("r = x", "x=a.h5:/x", "--out", "b.h5:/s"), 2, "assigns nothing to output 's'"),
    (("r = x", "x=a.h5:/x", "--out", "b.h5:/r,/r/s"), 2, "assigns nothing to output 's'"),
    (("r = x; s = x", "x=a.h5:/x", "--out", "b.h5:/r,/r/s"), 4, "/r/s"),
]


@pytest.mark.parametrize("ranks,arguments,status,text", on_ranks(BAD, 3))
def test_bad_input(trireme, tmp_path, ranks, arguments, status, text):
    write(tmp_path, x=np.ones((4, 3)), short=np.ones(12))
    write(tmp_path, "old.h5", x=np.ones(3))
    with h5py.File(tmp_path / "a.h5", "a") as f:
        f["text"] = ["a", "bc"]
    data = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(data[:len(data) // 2])
    r = trireme(ranks, "map", *arguments)
    assert r.status == status, r.err
    lines = r.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("map: [rank ") and text in lines[0], r.err
    assert not glob.glob(str(tmp_path / "b.h5*")) and (tmp_path / "a.h5").read_bytes() == data


@pytest.mark.parametrize("ranks,expression,column,text", (
    (3, "x * zz + 1", 5, "at 'zz + 1': unknown name 'zz' (inputs: x)"),
    (0, "r = x +; r", 8, "at '; r': a value is missing here"),
    (0, "  x + foo(x)", 7, "unknown function 'foo'"),
    (0, "x[i]", 2, "write x, not x[...]"),
    (0, "printf(0)", 1, "unknown function 'printf'"),
    (0, "*(double *)(long)8", 1, "a value is missing here"),
    (0, "x <: 0", 4, "a value is missing here"),
    (0, "x\n+\n$", 5, "this character is not allowed")))
def test_column(trireme, tmp_path, ranks, expression, column, text):
    """One line: where, the expression from there on, and what is wrong."""
    write(tmp_path, x=np.ones((4, 3)))
    r = trireme(ranks, "map", expression, "x=a.h5:/x", "--out", "b.h5:/r")
    lines = r.err.rstrip("\n").splitlines()
    assert r.status == 2 and len(lines) == 1, r.err
    assert lines[0].startswith("map: [rank 0 ") and f"] column {column} of the expression, at " in lines[0]
    assert text in lines[0] and not glob.glob(str(tmp_path / "b.h5*"))


@pytest.mark.full
def test_says_that_it_compiles(trireme, tmp_path):
    """Once, on one rank, and not with kernels from the cache or --quiet."""
    write(tmp_path, x=np.ones(3))
    said = []
    for cache, *more in (("c",), ("c",), ("d", "--quiet")):
        r = run(trireme, 2, "x + 1", "x=a.h5:/x", *more, env={"XDG_CACHE_HOME": str(tmp_path / cache)})
        said.append(re.findall(r"^map: compiling kernels for '.+' \(once\)$", r.all_err, re.MULTILINE))
    assert [len(lines) for lines in said] == [1, 0, 0], said
    assert all(path.suffix == ".clbin" for path in (tmp_path / "c" / "trireme").iterdir())


def test_no_driver(trireme, tmp_path):
    write(tmp_path, x=np.ones(3))
    r = trireme(2, "map", "x", "x=a.h5:/x", "--out", "b.h5:/r", env={"OCL_ICD_VENDORS": "/nonexistent"})
    assert r.status == 3 and len(r.err.strip().splitlines()) == 1 and "no OpenCL driver" in r.err, r.err
    r = trireme(2, "map", "x", "x=a.h5:/x", "--out", "b.h5:/r", env={"TRIREME_DEVICE": "none"})
    assert r.status == 2 and "needs a device" in r.err, r.err


def test_failure_leaves_nothing(trireme, tmp_path):
    """A chunk that cannot be read, in the middle of the run and on one rank."""
    x = RNG.normal(size=(64, 512))
    write(tmp_path, how={"chunks": (1, 512), "compression": "gzip"}, x=x)
    data = bytearray((tmp_path / "a.h5").read_bytes())
    with h5py.File(tmp_path / "a.h5") as f:
        at = f["x"].id.get_chunk_info(40).byte_offset
    data[at:at + 64] = bytes(64)
    (tmp_path / "a.h5").write_bytes(data)
    r = trireme(3, "map", "x", "x=a.h5:/x", "--out", "b.h5:/r", "--memory", "32Ki", "--results", "none")
    assert r.status == 4 and len(r.err.strip().splitlines()) == 1 and "cannot read elements" in r.err, r.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.h5"]
