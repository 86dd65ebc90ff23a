"""Inputs that are not HDF5: .npy, raw numbers, CSV and standard input, made by NumPy and by hand."""
import io
import os
import struct
import subprocess

import h5py
import numpy as np
import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full

try:
    import pandas
except ImportError:
    pandas = None

RNG = np.random.default_rng(3)
NUMBERS = ("i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">i8", "<u8", ">u8",
           "<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "g", "?")


def write_npy(path, array, version=None):
    with open(path, "wb") as f:
        np.lib.format.write_array(f, array, version=version)


def header(text, data=b"", version=1, pad=True):
    """An .npy file with any header."""
    raw = text.encode()
    if pad:
        raw += b" " * (-(len(raw) + 11) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(raw))
    return b"\x93NUMPY" + bytes((version, 0)) + length + raw + data


class Reader:
    """Reads many specifications in one process (tests/files/input.c)."""

    def __init__(self, folder):
        self.folder = folder

    def lines(self, asked):
        done = subprocess.run([str(BUILD / "tests" / "files" / "files_input")], cwd=self.folder, check=True,
                              input="".join(f"{piece} {spec}\n" for piece, spec in asked), text=True,
                              capture_output=True)
        assert not done.stderr, done.stderr
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert len(lines) == len(asked)
        return lines

    def check(self, cases):
        """Cases (specification, array): the same elements, as numbers and as they are stored."""
        asked = [(piece, spec) for spec, _ in cases for piece in (1, 3, 10**9)]
        answers = iter(self.lines(asked))
        for spec, array in cases:
            wide = wide_type(array.dtype)
            for _ in range(3):
                status, element, dims, values, *_ = (*next(answers), "", "")
                assert status == "0", (spec, element)
                assert dims == ",".join(map(str, array.shape)), spec
                assert "dlL"[int(element)] == wide.char, spec
                assert bytes.fromhex(values) == np.ascontiguousarray(array).astype(wide).tobytes(), spec

    def check_stored(self, cases):
        answers = self.lines([(0, spec) for spec, _ in cases])
        for (spec, array), answer in zip(cases, answers):
            assert answer[0] == "0", (spec, answer)
            assert bytes.fromhex(answer[3]) == np.ascontiguousarray(array).tobytes(), spec


@pytest.fixture
def reader(tmp_path):
    return Reader(tmp_path)


def wide_type(dtype):
    """What the library widens a type to."""
    return np.dtype(dtype.char.lower() if dtype.char in "lqLQ" and dtype.char.islower() else dtype.char) \
        .newbyteorder("=") if dtype.kind in "iu" and dtype.itemsize == 8 else np.dtype("d")


def some(type_, shape):
    """Values that need all bytes of the type."""
    dtype = np.dtype(type_)
    if dtype.kind == "b":
        return RNG.integers(0, 2, shape).astype(dtype)
    if dtype.kind == "f":
        return (RNG.integers(-2000, 2000, shape) / 8).astype(dtype)
    if dtype.kind == "c":
        return (some("<f4", shape) + 1j * some("<f4", shape)).astype(dtype)
    if dtype.kind in "SV":
        raw = RNG.bytes(int(np.prod(shape)) * dtype.itemsize)
        return np.frombuffer(raw, dtype=dtype).reshape(shape)
    info = np.iinfo(dtype)
    return RNG.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("=")).astype(dtype)


def outputs(tmp_path, name, path):
    with h5py.File(tmp_path / name) as f:
        return f[path][()], f[path].dtype


def statistics(trireme, ranks, spec, *more):
    return trireme(ranks, "reduce", spec, "--json", "--results", "none", "--verify", *more).json["results"]


def compare(results, array):
    """The statistics that reduce prints, with NumPy's."""
    flat = array.astype(np.longdouble).ravel()
    assert results["count"]["value"] == flat.size
    assert float.fromhex(results["sum"]["hex"]) == float(flat.sum())
    assert results["min_index"]["value"] == int(flat.argmin())
    assert results["max_index"]["value"] == int(flat.argmax())


def test_types_orders_and_versions(reader, tmp_path):
    cases = []
    for number, type_ in enumerate(NUMBERS):
        for order in "CF":
            a = np.asarray(some(type_, (5, 3, 4)), order=order)
            version = ((1, 0), (2, 0), (3, 0))[number % 3]
            write_npy(tmp_path / f"{number}{order}.npy", a, version)
            cases.append((f"{number}{order}.npy", a))
    reader.check(cases)
    reader.check_stored(cases)


def test_shapes(reader, tmp_path):
    cases = []
    for shape in ((), (1,), (0,), (4, 0, 3), (101,), (3, 5, 7, 2), (1,) * 15 + (3, 2) + (1,) * 15):
        for order in "CF":
            a = np.asarray(some(">i4", shape), order=order)
            name = "x".join(map(str, shape)) + order + ".npy"
            write_npy(tmp_path / name, a)
            cases.append((name, a))
    reader.check(cases)
    reader.check_stored([c for c in cases if c[1].ndim])


@pytest.mark.full
def test_more_than_the_scratch(reader, tmp_path):
    """Elements that are reordered or shortened go through a buffer of 4 MiB."""
    cases = []
    for name, type_, shape in (("a", "<f8", (700, 1001)), ("b", ">i2", (3, 1500001)), ("g", "g", (700001,))):
        a = np.asfortranarray(some(type_, shape))
        write_npy(tmp_path / f"{name}.npy", a)
        cases.append((f"{name}.npy", a))
    for (spec, a), answer in zip(cases, reader.lines([(10**9, spec) for spec, _ in cases])):
        assert bytes.fromhex(answer[3]) == a.astype("d").tobytes(), spec


def test_header_of_python_2(reader, tmp_path):
    a = some("<f8", (3, 4))
    (tmp_path / "a.npy").write_bytes(header(GOOD.replace("3, 4", "3L, 4L").replace("'", '"'), a.tobytes()))
    (tmp_path / "b.npy").write_bytes(header("{'shape':(12,),'descr':'<f8','fortran_order':True}", a.tobytes(),
                                            pad=False))
    (tmp_path / "no_ending").write_bytes(npy_bytes(a) + npy_bytes(a))    # several arrays: the first
    reader.check([("a.npy", a), ("b.npy", a.reshape(12)), ("no_ending", a)])


def test_elements_that_are_no_numbers(reader, tmp_path):
    cases = []
    for type_ in ("<c16", ">c8", "S5", "V3"):
        a = np.asfortranarray(some(type_, (5, 4)))
        write_npy(tmp_path / f"{type_[1:]}.npy", a)
        cases.append((f"{type_[1:]}.npy", a))
    reader.check_stored(cases)
    for answer in reader.lines([(1, spec) for spec, _ in cases]):
        assert answer[0] == "4" and "choose a dataset of integers or floats" in answer[1], answer


def test_raw(reader, tmp_path):
    a = some("<f8", (24,))
    a.tofile(tmp_path / "a.bin")
    a.tofile(tmp_path / "b:c.bin")
    reader.check([("a.bin:f8", a), ("a.bin:<f8:4x6", a.reshape(4, 6)), ("b:c.bin:f8", a),
                  ("a.bin:>i2:96", a.view(">i2")), ("a.bin:u1:1x192", a.view("u1").reshape(1, 192)),
                  ("a.bin:u2:2x6x8", a.view("<u2").reshape(2, 6, 8))])


CSV = 'time,"x, y",z\n1,"2.5",-3e2\n\n2,NA,4\r\n# a comment\n3,"7", 8.25 \n4,,0x10'


def test_csv(reader, tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text, newline="")

    write("a.csv", CSV)
    write("b.csv", "a;b\n1,5;2\n")
    write("c.tsv", "\ufeff5\t6\n7\t8\n")
    write("d.csv", "-1\n")
    np.savetxt(tmp_path / "s.csv", [[1, 2], [3, 4.5]], delimiter=",", header="a,b")
    np.savetxt(tmp_path / "t.csv", [1, 2, 3.5])
    x = RNG.integers(-10**6, 10**6, 20001) / 8
    lines = [f'"{"l" * (i % 50)}\n,{i}",{v!r}\n' for i, v in enumerate(x.tolist())]
    write("many.csv", "text,x\n" + "".join(lines))
    nan = float("nan")
    reader.check([(spec, np.array(values)) for spec, values in (
        ("a.csv:time", [1.0, 2, 3, 4]), ("a.csv:x, y", [2.5, nan, 7, nan]), ("a.csv:3", [-300, 4, 8.25, 16]),
        ("b.csv:b", [2.0]), ("c.tsv:2", [6.0, 8]), ("d.csv", [-1.0]), ("s.csv:b", [2, 4.5]),
        ("s.csv:1", [1.0, 3]), ("t.csv", [1, 2, 3.5]))])
    answers = reader.lines([(piece, "many.csv:x") for piece in (777, 4096, 10**6)])
    for answer in answers:
        assert bytes.fromhex(answer[3]) == x.tobytes(), answer[:2]


@pytest.mark.skipif(pandas is None, reason="no pandas")
def test_pandas(reader, tmp_path):
    frame = pandas.DataFrame({"name": ["a", "b,c", 'd"e'], "x": [1.5, None, 3.25]})
    frame.to_csv(tmp_path / "a.csv")
    reader.check([("a.csv:x", frame["x"].to_numpy())])


@pytest.mark.parametrize("ranks", (3, full(1), full(2), full(5), full(8)))
def test_ranks(trireme, tmp_path, ranks):
    """Slabs and pieces smaller than a row of an array in Fortran order, and of a CSV file."""
    a = RNG.integers(-2**30, 2**30, (37, 2100, 2)).astype(">i4")
    write_npy(tmp_path / "a.npy", np.asfortranarray(a))
    compare(statistics(trireme, ranks, "a.npy", "--memory", "64Ki"), a)
    x = RNG.integers(-10**6, 10**6, 20001) / 8
    (tmp_path / "x.csv").write_text("n,x\n" + "".join(f"{i},{v!r}\n" for i, v in enumerate(x.tolist())))
    compare(statistics(trireme, ranks, "x.csv:x", "--memory", "64Ki"), x)


@pytest.mark.parametrize("ranks, order", ((3, "F"), full(1, "C"), full(2, "F"), full(8, "C")))
def test_move(trireme, tmp_path, ranks, order):
    """scatter, gather and alltoall keep the elements as they are stored."""
    a = some(">f4", (31, 6))
    write_npy(tmp_path / "a.npy", np.asarray(a, order=order))
    r = trireme(ranks, "alltoall", "a.npy", "--out", "t.h5", "--verify", "--results", "none")
    assert r.status == 0, r.err
    t, dtype = outputs(tmp_path, "t.h5", "/a")
    assert (t == a.T).all() and dtype == np.dtype(">f4")
    r = trireme(ranks, "scatter", "a.npy", "--out", "p%r.h5", "--verify", "--results", "none")
    assert r.status == 0, r.err
    parts = [f"p{i}.h5" for i in range(ranks)]
    assert trireme(0, "gather", *parts, "--out", "w.h5", "--results", "none").status == 0
    w, dtype = outputs(tmp_path, "w.h5", "/a")
    assert (w == a).all() and dtype == np.dtype(">f4")


@pytest.mark.parametrize("type_", ("?", full("<c16"), full("S5")))
def test_type_of_an_output(trireme, tmp_path, type_):
    a = some(type_, (4, 5))
    write_npy(tmp_path / "a.npy", a)
    r = trireme(0, "alltoall", "a.npy", "--out", "t.h5", "--results", "none")
    assert r.status == 0, r.err
    t, dtype = outputs(tmp_path, "t.h5", "/a")
    assert t.tobytes() == np.ascontiguousarray(a.T).tobytes() and dtype == np.dtype(type_)


def test_map(trireme, tmp_path):
    """Two inputs that are not HDF5, of different types and orders."""
    x, y = RNG.random((9, 5)), some(">i2", (9, 5))
    write_npy(tmp_path / "x.npy", np.asfortranarray(x))
    y.tofile(tmp_path / "y.bin")
    r = trireme(0, "map", "x + 2 * y", "x=x.npy", "y=y.bin:>i2:9x5", "--out", "r.h5:/r", "--results", "none",
                "--device", "0")
    if r.status in (3, 77):
        pytest.skip("no device")
    assert r.status == 0, r.err
    assert (outputs(tmp_path, "r.h5", "/r")[0] == x + 2.0 * y).all()


def npy_bytes(array):
    f = io.BytesIO()
    np.lib.format.write_array(f, array)
    return f.getvalue()


A = np.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize("spec, data", (
    ("-", npy_bytes(A)), ("-:f8:4x6", A.tobytes()),
    ("/dev/stdin:2", b"a,b\n" + b"".join(b"0,%d\n" % i for i in range(24)))))
def test_standard_input(tmp_path, spec, data):
    """Through a pipe, read twice (--verify); and as a file from which something was read before."""
    command = [str(BUILD / "apps" / "reduce"), spec, "--json", "--verify", "--results", "none"]
    piped = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, check=True)
    (tmp_path / "in").write_bytes(b"line\n" + data)
    with open(tmp_path / "in", "rb", buffering=0) as f:
        f.read(5)
        direct = subprocess.run(command, stdin=f, capture_output=True, cwd=tmp_path, check=True)
    for out in piped.stdout, direct.stdout:
        assert b"0x1.14p+8" in out, out    # 276
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_standard_input_has_one_reader(trireme, tmp_path):
    r = trireme(2, "reduce", "-:f8")
    assert r.status == 2 and "one reader" in r.err and len(r.err.splitlines()) == 1
    command = [str(BUILD / "apps" / "reduce"), "-", "--results", "none"]
    for data, status, why in ((b"", 4, "is empty"), (b"\x89HDF\r\n\x1a\n" + bytes(90), 2, "HDF5")):
        done = subprocess.run(command, input=data, capture_output=True, cwd=tmp_path, check=False)
        assert done.returncode == status and why in done.stderr.decode(), done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_scatter_reads_standard_input_on_rank_0(tmp_path):
    run = ["sh", "-c", f'. {SOURCE}/jobs/env.sh && exec "$@"', "sh", LAUNCHER, "-n", "2",
           str(BUILD / "apps" / "scatter"), "-", "--out", "p%r.h5", "--verify", "--results", "none"]
    subprocess.run(run, input=npy_bytes(A), capture_output=True, cwd=tmp_path, check=True)
    assert (outputs(tmp_path, "p1.h5", "/stdin")[0] == A[2:]).all()


GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"
BAD = {
    "empty": (b"", "does not begin"),
    "short start": (b"\x93NUMPY\x01", "does not begin"),
    "no magic": (b"x" * 200, "does not begin"),
    "version": (header(GOOD, bytes(96), 4), "version 4.0"),
    "short header": (header(GOOD)[:40], "header of"),
    "huge header": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(99), "header of 4294967295"),
    "no dictionary": (header("(1, 2)"), "no dictionary"),
    "empty dictionary": (header("{}"), "missing"),
    "no end": (header("{'descr': '<f8'", pad=False), "header has"),
    "no shape": (header("{'descr': '<f8', 'fortran_order': False}"), "missing"),
    "word as shape": (header(GOOD.replace("(3, 4)", "'x'"), bytes(96)), "no shape"),
    "negative": (header(GOOD.replace("3", "-3"), bytes(96)), "no shape"),
    "open shape": (header(GOOD.replace(")", ""), bytes(96)), "no shape"),
    "digits": (header(GOOD.replace("3", "3" * 40), bytes(96)), "no shape"),
    "33 dimensions": (header(GOOD.replace("3, 4", "1," * 33), bytes(8)), "32 dimensions"),
    "unknown name": (header(GOOD.replace("}", "'more': 1}"), bytes(96)), "unknown name"),
    "order": (header(GOOD.replace("False", "Maybe"), bytes(96)), "no order"),
    "huge": (header(GOOD.replace("3, 4", "4000000000, 4000000000")), "announced"),
    "overflow": (header(GOOD.replace("3, 4", "9223372036854775807, 9223372036854775807, 4"), bytes(96)),
                 "announced"),
    "huge and empty": (header(GOOD.replace("3, 4", "0, 9999999999999999999")), "announced"),
    "one byte less": (header(GOOD, bytes(95)), "announced"),
    "lying": (header(GOOD.replace("3, 4", "3, 5"), bytes(96)), "announced"),
    "objects": (npy_bytes(np.arange(4.0)).replace(b"<f8", b"|O "), "Python objects"),
    "pickled": (header(GOOD.replace("<f8", "|O"), b"\x80\x04\x95" + bytes(90)), "Python objects"),
    "records": (npy_bytes(np.zeros(3, "f8,i4")), "records"),
    "dates": (npy_bytes(np.zeros(3, "M8[s]")), "'<M8[s]'"),
    "unicode": (npy_bytes(np.array(["ab"])), "'<U2'"),
    "odd float": (header(GOOD.replace("<f8", "<f7"), bytes(96)), "'<f7'"),
    "no size": (header(GOOD.replace("<f8", "<f"), bytes(96)), "'<f'"),
    "escape": (header(GOOD.replace("<f8", "\x1b[2J<f8"), bytes(96)), "?[2J<f8"),
    "long type": (header(GOOD.replace("<f8", "<f8" * 40), bytes(96)), "no type"),
}


def test_damaged_npy(reader, tmp_path):
    names = {}
    for number, (name, (data, why)) in enumerate(BAD.items()):
        (tmp_path / f"{number}.npy").write_bytes(data)
        names[f"{number}.npy"] = name, why
    for (spec, (name, why)), answer in zip(names.items(), reader.lines([(0, spec) for spec in names])):
        assert answer[0] == "4" and why in answer[1], (name, answer)


BAD_SPECS = (
    ("a.npy:/x", 2, "holds one array"), ("a.bin:f8:5x5", 4, "announced"), ("a.bin:f8:4x5", 4, "announced"),
    ("a.bin:f8:0x0", 4, "announced"), ("a.bin:i8:ax3", 2, "shape"), ("a.bin:f8:", 2, "shape"),
    ("a.bin:f8:3x", 2, "shape"), ("odd.bin:f8", 4, "whole number"), ("a.bin", 4, "state their type"),
    ("a.bin:f7", 4, "state their type"), ("a.bin:c16", 4, "complex"), ("missing.npy", 4, "no such file"),
    ("missing.bin:f8", 4, "no such file"), ("folder.npy", 4, "directory"),
    ("pipe.npy", 4, "not a regular file"),
    ("a.csv", 4, "time, x, y, z"), ("a.csv:q", 4, "no column 'q'"), ("a.csv:0", 4, "no column '0'"),
    ("a.csv:4", 4, "no column '4'"), ("text.csv:x", 4, "row 2, column 'x' of 'text.csv': 'abc' is not"),
    ("ragged.csv:y", 4, "row 2 of 'ragged.csv' has 1 columns"), ("quote.csv:x", 4, "quotes that do not end"),
    ("empty.csv:x", 4, "no rows"), ("binary.csv:1", 4, "not a CSV file"), ("long.csv:1", 4, "no end"))


def test_bad_specifications(reader, tmp_path):
    write_npy(tmp_path / "a.npy", A)
    A.tofile(tmp_path / "a.bin")
    (tmp_path / "odd.bin").write_bytes(bytes(25))
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "text.csv").write_text("x\n1\nabc\n")
    (tmp_path / "ragged.csv").write_text("x,y\n1,2\n3\n")
    (tmp_path / "quote.csv").write_text('x\n1\n"2\n3\n')
    (tmp_path / "empty.csv").write_text("\n\n")
    (tmp_path / "binary.csv").write_bytes(bytes(500))
    (tmp_path / "long.csv").write_text("1" * 400000)
    answers = reader.lines([(1, spec) for spec, _, _ in BAD_SPECS])
    for (spec, status, why), answer in zip(BAD_SPECS, answers):
        assert answer[0] == str(status) and why in answer[1], (spec, answer)


@pytest.mark.parametrize("ranks", (full(3), full(8)))
def test_all_ranks_refuse(trireme, tmp_path, ranks):
    (tmp_path / "a.npy").write_bytes(BAD["lying"][0])
    r = trireme(ranks, "reduce", "a.npy", "--results", "none")
    assert r.status == 4 and len(r.err.splitlines()) == 1 and "announced" in r.err, (r.status, r.err)


@pytest.mark.full
def test_memory_is_bounded(tmp_path):
    """A sparse file of 2 GiB in Fortran order: pieces of it are in memory, never the file."""
    with open(tmp_path / "a.npy", "wb") as f:
        f.write(header("{'descr': '>f4', 'fortran_order': True, 'shape': (8192, 65536), }"))
        f.truncate(f.tell() + 8192 * 65536 * 4)
    job = subprocess.Popen([str(BUILD / "apps" / "reduce"), "a.npy", "--results", "none", "--threads", "1",
                            "--statistics", "sum", "--json"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(job.pid, 0)
    job.returncode = status
    assert status == 0 and usage.ru_maxrss < 500 * 1024, (status, usage.ru_maxrss)
