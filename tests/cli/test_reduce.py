"""apps/reduce against oracles that are not ours (math.fsum, fractions), and with every kind of bad input."""
import fractions
import glob
import math
import os
import re
import struct

import h5py
import numpy as np
import pytest

from conftest import full, on_ranks

RNG = np.random.default_rng(5)
WIDE = np.ldexp(RNG.uniform(-1, 1, 4099), RNG.integers(-300, 300, 4099))
VECTORS = {
    "uniform": RNG.uniform(0, 1, 30011),
    "wide": WIDE,
    "cancel": np.concatenate([WIDE, [1e-300], -WIDE[::-1]]),
    "subnormal": RNG.integers(-2**40, 2**40, 5003) * 5e-324,
    "halfway": np.array([1.0, 2.0**-53, 2.0**-120]),
    "overflow on the way": np.array([1e308, 1e308, -1e308, -1e308, 3.0]),
    "overflow": np.array([1.7e308, 1.7e308]),
    "negative zeros": np.array([-0.0, -0.0, -0.0]),
    "zeros": np.array([-0.0, 0.0]),
    "infinity": np.array([1.0, np.inf, 2.0]),
    "both infinities": np.array([np.inf, -np.inf, 1.0]),
    "nan": np.array([1.0, np.nan, -7.5]),
    "one": np.array([-3.25]),
    "empty": np.array([], dtype=float),
}


def exact_fraction(values):
    return sum(map(fractions.Fraction, values.tolist()), fractions.Fraction(0))


def rounded(fraction):
    try:
        return float(fraction)
    except OverflowError:
        return math.inf if fraction > 0 else -math.inf


def exact_sum(values):
    """The correctly rounded sum, by Python's exact rational numbers."""
    if np.isnan(values).any() or not np.isfinite(values).all():
        return float(np.sum(values))
    exact = exact_fraction(values)
    if exact == 0:
        return -0.0 if len(values) and all(math.copysign(1, x) < 0 and x == 0 for x in values) else 0.0
    return rounded(exact)


def bits(x):
    return "nan" if math.isnan(x) else struct.pack(">d", x).hex()


def as_float(result):
    return float(result["value"]) if isinstance(result["value"], str) else float.fromhex(result["hex"])


@pytest.mark.parametrize("name", VECTORS)
def test_oracle(trireme, tmp_path, name):
    values = VECTORS[name]
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["x"] = values
    results = trireme(3, "reduce", "x.h5:/x", "--json", "--verify", "--threads", 2).json["results"]
    expected = exact_sum(values)
    assert bits(as_float(results["sum"])) == bits(expected)
    if name in ("uniform", "wide", "subnormal"):
        assert expected == math.fsum(values)
    finite = len(values) and np.isfinite(values).all()
    if finite:
        n, s = len(values), exact_fraction(values)
        squares = sum(fractions.Fraction(x) ** 2 for x in values.tolist())
        assert as_float(results["mean"]) == rounded(s / n)
        assert as_float(results["variance"]) == rounded((n * squares - s * s) / (n * n))
        # Rounded once: the root lies between the points half way to the neighbours.
        norm = as_float(results["norm"])
        if norm == math.inf:
            assert squares >= (2**1024 - 2**970) ** 2
        else:
            below, above = (fractions.Fraction(norm) + fractions.Fraction(math.nextafter(norm, way))
                            for way in (0, math.inf))
            assert (below / 2) ** 2 <= squares <= (above / 2) ** 2
        assert as_float(results["min"]) == values.min() and results["min_index"]["value"] == values.argmin()
        assert as_float(results["max"]) == values.max() and results["max_index"]["value"] == values.argmax()
    assert results["nan"]["value"] == np.isnan(values).sum()
    assert results["inf"]["value"] == np.isinf(values).sum()


FEW_WORKERS = ((2, 3, "none"), (5, 1, "auto"))
WORKERS = ((1, 1, "none"), (3, 1, "auto"), (8, 2, "none"), *FEW_WORKERS)


@pytest.mark.parametrize("distribution, workers", (
    ("cancel", FEW_WORKERS),
    full("cancel", WORKERS),
    full("normal", WORKERS)))
def test_same_bits_on_any_ranks_threads_device(trireme, distribution, workers):
    seen = {kind: set() for kind in ("exact", "ordered", "plain")}
    for ranks, threads, device in workers:
        for kind in seen:
            r = trireme(ranks, "reduce", "--count", 200003, "--distribution", distribution, "--sum", kind,
                        "--json", "--threads", threads, "--device", device)
            seen[kind].add(tuple(r.value(v) for v in ("sum", "norm", "variance")))
    assert len(seen["exact"]) == 1
    assert len(seen["ordered"]) == 1
    # If plain sums did not differ, equal bits would prove nothing.
    assert len(seen["plain"]) > 1


@pytest.mark.parametrize("ranks, count", (
    (8, 0), (8, 7), full(8, 1), full(8, 2),
    *(full(ranks, count) for ranks in (1, 2, 3, 5) for count in (0, 1, 2))))
def test_few_elements(trireme, ranks, count):
    results = trireme(ranks, "reduce", "--count", count, "--json", "--verify").json["results"]
    assert results["count"]["value"] == count


def test_no_elements_in_two_dimensions(trireme, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["rows"], f["columns"] = np.zeros((0, 4)), np.zeros((3, 0))
    for name in ("rows", "columns"):
        results = trireme(3, "reduce", f"x.h5:/{name}", "--verify", "--json").json["results"]
        assert results["sum"]["value"] == 0 and results["min_index"]["value"] == -1
        assert "min_position" not in results


def test_statistics_and_seed(trireme):
    def results(*arguments):
        return trireme(2, "reduce", "--count", 1001, "--json", "--results", "none",
                       *arguments).json["results"]

    all_, sum_, other, sample = results(), results("--statistics", "sum"), results("--seed",
                                                                                   2), results("--ddof", 1)
    assert set(sum_) == {"input", "count", "sum",
                         "mean"} and sum_["sum"] == all_["sum"] and other["sum"] != all_["sum"]
    assert sample["variance"]["value"] == pytest.approx(all_["variance"]["value"] * 1001 / 1000, rel=1e-14)


def test_integers_of_64_bits(trireme, tmp_path):
    signed = np.array([2**63 - 1, -2**63, 2**62 + 1, -3], dtype="i8")
    unsigned = np.array([2**64 - 1, 2**63 + 1, 5], dtype="u8")
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["signed"], f["unsigned"] = signed, unsigned
    r = trireme(2, "reduce", "x.h5:/signed", "--json", "--verify").json["results"]
    assert as_float(r["sum"]) == float(sum(map(int, signed)))
    assert r["min"]["value"] == -2**63 and r["max"]["value"] == 2**63 - 1
    r = trireme(2, "reduce", "x.h5:/unsigned", "--json", "--verify").json["results"]
    assert as_float(r["sum"]) == float(sum(map(int, unsigned)))
    assert r["max"] == str(2**64 - 1)


@pytest.mark.parametrize("ranks", (full(1), 5))
def test_histogram(trireme, tmp_path, ranks):
    values = RNG.normal(0, 1, 20001)
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["x"] = values
    for extra, within in (((), (values.min(), values.max())), (("--range=-1,2.5",), (-1, 2.5))):
        record = trireme(ranks, "reduce", "x.h5:/x", "--histogram", 7, "--json", *extra).json["record"]
        with h5py.File(tmp_path / record, "r") as f:
            counts, edges = np.histogram(values, 7, within)
            assert f["histogram/counts"][:].tolist() == counts.tolist()
            assert np.allclose(f["histogram/edges"][:], edges)
            assert f["results/below"][()] == (values < within[0]).sum()


@pytest.mark.parametrize("ranks,device", ((0, "none"), full(2, "auto")))
def test_histogram_edges(trireme, tmp_path, ranks, device):
    """Bins by comparison with the printed edges: wide and narrow ranges, elements at and beside edges."""
    for low, high, bins in ((-1e300, 1e300, 2), (-1.7e308, 1.7e308, 8), (0.1, 0.7, 6), (1e16, 1e16 + 6, 9),
                            (-3, 1.5, 32)):
        with np.errstate(over="ignore"):
            edges = np.linspace(low / 2, high / 2, bins + 1) * 2
        near = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf),
                               RNG.uniform(-1, 1, 500) * max(abs(low), abs(high))])
        with h5py.File(tmp_path / "x.h5", "w") as f:
            f["x"] = near
        r = trireme(ranks, "reduce", "x.h5:/x", "--histogram", bins, f"--range={low},{high}", "--device",
                    device)
        assert r.status == 0, r.err
        rows = re.findall(r"^  \[(\S+), (\S+)[])] +(\d+)$", r.out, re.MULTILINE)
        printed = [float(low) for low, _, _ in rows] + [float(rows[-1][1])]
        assert len(rows) == bins and printed[0] == low and printed[-1] == high
        inside = near[(near >= low) & (near <= high)]
        bin_of = np.minimum(np.searchsorted(printed, inside, side="right") - 1, bins - 1)
        assert [int(n) for _, _, n in rows] == np.bincount(bin_of, minlength=bins).tolist(), (low, high)


def test_pieces_smaller_than_the_slab(trireme, tmp_path):
    values = RNG.normal(0, 1, (50, 300, 7))
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f.create_dataset("x", data=values, chunks=(3, 100, 7), compression="gzip", shuffle=True)
    seen = {trireme(ranks, "reduce", "x.h5:/x", "--memory", "64Ki", "--sum", kind, "--verify",
                    "--json").value("norm")
            for ranks in (1, 3) for kind in ("exact", "ordered")}
    assert len(seen) == 1
    position = trireme(2, "reduce", "x.h5:/x", "--json").json["results"]["max_position"]
    assert position == ",".join(map(str, np.unravel_index(values.argmax(), values.shape)))


def test_result_file(trireme, tmp_path):
    r = trireme(2, "reduce", "--count", "10k", "--repeat", 3, "--results", "deep/folder", "--json").json
    with h5py.File(tmp_path / r["record"], "r") as f:
        assert f.attrs["complete"] == 1
        for name in ("program", "version", "commit", "command", "start", "end", "ranks", "threads", "mpi",
                     "hdf5_version",
                     "verdict", "places", "hosts", "ranks_per_node", "option_count"):
            assert name in f.attrs, name
        assert f["timing/run"].shape == (2, 3)
        missing = []
        f.visititems(lambda path, d: isinstance(d, h5py.Dataset) and
                     not {"units", "long_name"} <= set(d.attrs) and missing.append(path))
        assert not missing
        assert float(f["results/sum"][()]) == float.fromhex(r["results"]["sum"]["hex"])
    assert not glob.glob(str(tmp_path / "deep/folder/*.part"))


def bad_files(folder):
    with h5py.File(folder / "good.h5", "w") as f:
        f["x"] = np.arange(100000.0)
        f["text"] = "a text"
        f["compound"] = np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])
        f.create_group("group")
        f.create_dataset("lzf", data=np.zeros(100), chunks=(50,), compression="lzf")
    data = (folder / "good.h5").read_bytes()
    (folder / "cut.h5").write_bytes(data[:len(data) // 2])
    (folder / "text.txt").write_text("1\n2\n3\n" * 100)
    (folder / "nothing.h5").write_bytes(b"")
    (folder / "damaged.h5").write_bytes(data[:8] + bytes(len(data) - 8))
    (folder / "folder").mkdir()


BAD = [
    (("--cuont", "3"), 2, "unknown option '--cuont'"),
    (("--count",), 2, "'--count' needs a value"),
    (("--count", "-3"), 2, "'-3' is not a size"),
    (("--count", "12Qi"), 2, "'12Qi' is not a size"),
    (("--count", "99999999999999999999999"), 2, "too large"),
    (("--distribution", "gamma"), 2, "'gamma' is not one of uniform"),
    (("--threads", "many"), 2, "'many' is not a whole number"),
    (("--algorithm", "reduce:magic"), 2, "no algorithm 'magic' for reduce"),
    (("--algorithm", "dance:binomial"), 2, "no operation 'dance'"),
    (("--range", "1,2"), 2, "--histogram"),
    (("--histogram", "3", "--range", "2,1"), 2, "LOW < HIGH"),
    (("--quiet=yes",), 2, "option '--quiet' takes no value"),
    (("--help=1",), 2, "option '--help' takes no value"),
    (("--repeat", "0"), 2, "at least 1"),
    (("--threads", "4097"), 2, "--threads: at most 4096"),
    (("--histogram", "16777217"), 2, "--histogram: at most 16777216"),
    (("--ddof", "2"), 2, "--ddof: 0 or 1"),
    (("--results", ""), 2, "--results is empty"),
    (("good.h5:/lzf",), 4, "needs a plugin"),
    (("good.h5:/x", "more"), 2, "unexpected argument"),
    (("none.h5:/x",), 4, "none.h5"),
    (("folder",), 4, "folder"),
    (("text.txt:/x",), 4, "text.txt"),
    (("nothing.h5:/x",), 4, "nothing.h5"),
    (("cut.h5:/x",), 4, "cut.h5"),
    (("damaged.h5:/x",), 4, "damaged.h5"),
    (("good.h5:/y",), 4, "/y"),
    (("good.h5:/group",), 4, "group"),
    (("good.h5:/text",), 4, "text"),
    (("good.h5:/compound",), 4, "compound"),
    (("--device", "no such device"), 3, "no such device"),
    (("--results", "good.h5/results"), 4, "good.h5"),
]


@pytest.mark.parametrize("variable,value,status", (("TRIREME_ALGORITHM", "reduce:magic", 2),
                                                   ("TRIREME_NETWORK", "no-such-file", 4)))
def test_bad_environment(trireme, variable, value, status):
    r = trireme(2, "reduce", "--count", 10, env={variable: value})
    assert r.status == status and value.split(":")[-1] in r.err, r.err
    assert len(r.err.strip().splitlines()) == 1, r.err


@pytest.mark.parametrize("ranks,arguments,status,text", on_ranks(BAD, 4))
def test_bad_input(trireme, tmp_path, ranks, arguments, status, text):
    bad_files(tmp_path)
    r = trireme(ranks, "reduce", *arguments)
    assert r.status == status, r.err
    lines = r.err.strip().splitlines()
    assert len(lines) == 1, r.err
    assert re.match(rf"reduce: \[rank \d of {ranks or 1} on \S+\] ", lines[0]) and text in lines[0]
    assert r.out == ""
    assert not glob.glob(str(tmp_path / "results" / "*"))


def as_user(command):
    """Root may do anything: bad permissions are tried as somebody else."""
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            *command) if os.getuid() == 0 else command


def test_permissions(trireme, tmp_path):
    bad_files(tmp_path)
    os.chmod(tmp_path / "good.h5", 0)
    (tmp_path / "locked").mkdir(mode=0o555)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if os.getuid() == 0 and not folder.stat().st_mode & 1:
            pytest.skip(f"{folder} is closed to other users")
    r = trireme(0, "reduce", "good.h5:/x", wrap=as_user(()))
    assert r.status == 4 and "good.h5" in r.err and "ermission" in r.err
    r = trireme(0, "reduce", "--count", 10, "--results", "locked", wrap=as_user(()))
    assert r.status == 4 and "locked" in r.err
    r = trireme(0, "reduce", "--count", 10, "--results", "/proc/none")
    assert r.status == 4


def test_disk_full(trireme, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    wrap = ("unshare", "--mount", "--map-root-user", "sh", "-c",
            f'mount -t tmpfs -o size=4k none "{full}" && head -c 4096 /dev/zero > "{full}/fill"; exec "$@"',
            "sh")
    probe = trireme(0, "reduce", "--version", wrap=wrap)
    if probe.status:
        pytest.skip("no user namespaces here")
    r = trireme(0, "reduce", "--count", 10, "--results", full, wrap=wrap)
    assert r.status == 4 and str(full) in r.err and "disk is full" in r.err, r.err


def test_more_threads_than_cores(trireme):
    r = trireme(2, "reduce", "--count", 1000, "--threads", 9)
    assert r.status == 0 and "9 threads share" in r.out


def test_singletons(trireme):
    for name in ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"):
        # A launcher that MPI does not know: the variables of one, and no launcher.
        r = trireme(0, "reduce", "--count", 10, env={name: "4"})
        assert r.status == 3 and "4 processes" in r.err and len(r.err.strip().splitlines()) == 1, r.err


def test_help_and_version_without_mpi(trireme):
    for option in ("--help", "--version", "--man", "--completion"):
        r = trireme(0, "reduce", option)
        assert r.status == 0 and r.out and not r.err
        # Under a launcher one rank speaks.
        assert trireme(3, "reduce", option).out == r.out


def test_quiet(trireme):
    r = trireme(2, "reduce", "--count", 10, "--quiet", "--results", "none")
    assert (r.status, r.out, r.err) == (0, "", "")
