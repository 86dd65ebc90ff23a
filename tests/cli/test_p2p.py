"""apps/p2p: what it measures, keeps and draws; the orders of a ring; bad input."""
import glob
import os
import re
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

from conftest import full

QUICK = ("--samples", 2, "--duration", 0.0001)
KINDS = ("latency", "forward", "backward", "both")
# A busy machine must not make ranks slow here.
CALM = ("--slow", 1000)
# The best of so many samples is free of what else the machine does.
DELAYED = ("--samples", 5, "--duration", 0.0001, "--slow", 5)


@pytest.mark.parametrize("ranks", (1, 3, *map(full, (2, 5, 8))))
def test_all_pairs(trireme, tmp_path, ranks):
    r = trireme(ranks, "p2p", "--sizes", "0,8,3k", *QUICK, *CALM, "--json").json
    pairs = ranks * (ranks - 1) // 2
    assert r["results"]["players"]["value"] == ranks and r["results"]["pairs"]["value"] == pairs
    if ranks == 1:
        assert "a single rank has no pairs" in r["results"]["slow"]
        return
    with h5py.File(tmp_path / r["record"], "r") as f:
        assert f["pairs"][:].tolist() == [[a, b] for a in range(ranks) for b in range(a + 1, ranks)]
        assert f["sizes"][:].tolist() == [0, 8, 3000] and f["sizes"].attrs["units"] == "B"
        assert f["between"][:].tolist() == [0] * pairs
        for size in ("0", "8", "3000"):
            for kind in KINDS:
                d = f[f"samples/{size}/{kind}"]
                assert d.shape == (pairs, 2) and d.attrs["units"] == "s" and d.attrs["long_name"]
                assert np.isfinite(d[:]).all() and (d[:] > 0).all()
        # What is shown comes from what is kept.
        best = f["samples/0/latency"][:].min(axis=1)
        assert float.fromhex(r["results"]["latency"]["hex"]) == pytest.approx(np.median(best), rel=1e-12)
        rates = 3000 / f["samples/3000/forward"][:].min(axis=1)
        assert float.fromhex(r["results"]["bandwidth"]["hex"]) == pytest.approx(np.median(rates), rel=1e-12)
        bisection = np.median(f["samples/bisection"][:])
        assert float.fromhex(r["results"]["bisection"]["hex"]) == pytest.approx(bisection, rel=1e-12)
    assert r["results"]["slow"] == ("none" if ranks > 2
                                    else "unknown: fewer than three ranks cannot be compared")


def test_table(trireme):
    r = trireme(3, "p2p", "--sizes", "8,64Ki", *QUICK, *CALM, "--results", "none")
    assert r.status == 0
    for size in ("8", "64Ki"):
        for kind in KINDS:
            assert re.search(rf"^{size} +{kind} +inside +3 ( +[\d.]+ (us|GB/s)){{3}}$", r.out, re.M), r.out
    latency = re.search(r"^latency in us of messages of 8\n.*\n((?: +\d.*\n){3})", r.out, re.M).group(1)
    rows = [line.split()[1:] for line in latency.splitlines()]
    assert all(rows[i][i] == "-" for i in range(3))
    assert all(rows[i][j] == rows[j][i] for i in range(3) for j in range(3))
    assert re.search(r"^bandwidth in GB/s of messages of 64Ki,.*\n.*\n(?: +\d.*\n){3}", r.out, re.M)


def test_one_of_each_node(trireme):
    """All ranks are on one node here, so that one takes part."""
    r = trireme(3, "p2p", "--per", "node", *QUICK, "--json", "--results", "none").json
    assert r["results"]["players"]["value"] == 1 and r["results"]["pairs"]["value"] == 0


@pytest.mark.parametrize("ranks,delay,names", (
    (3, "2", r"rank 2 on \S+"),
    full(4, "2", r"rank 2 on \S+"),
    full(5, "1,4", r"ranks 1 on \S+ and 4 on \S+ with each other")))
def test_planted_delay(trireme, ranks, delay, names):
    """The rank with late messages is named, and no other."""
    if not os.environ.get("TRIREME_DELAY"):
        pytest.skip("nothing is preloaded under a sanitizer")
    r = trireme(ranks, "p2p", "--sizes", "8", *DELAYED, "--results", "none",
                env={"LD_PRELOAD": os.environ["TRIREME_DELAY"], "DELAY": delay})
    assert r.status == 1, r.out + r.err
    line = rf"slower than the rest, also when measured alone: ({names}) \(\S+ x at 8\)"
    found = re.fullmatch(rf"p2p: \[rank 0 of {ranks} on \S+\] {line}\n", r.err)
    assert found, r.err
    assert re.search(rf"^slow +{found.group(1)}", r.out, re.M)


def test_plot(trireme, tmp_path):
    r = trireme(3, "p2p", "--sizes", "8,1Ki", *QUICK, *CALM, "--plot", "p.svg", "--results", "none")
    assert r.status == 0, r.err
    texts = list(ElementTree.parse(tmp_path / "p.svg").getroot().itertext())
    assert {"Latency of messages of 8B", "latency (us)", "Bandwidth with messages of 1KiB",
            "bandwidth (GB/s)", "to rank", "from rank", "2"} <= set(texts)


def test_picture_of_another_kind(trireme, tmp_path):
    r = trireme(2, "p2p", "--sizes", "8", *QUICK, *CALM, "--plot", "map.png", "--results", "none")
    assert r.status == 2 and "'map.png' does not end in .svg" in r.err and len(r.err.splitlines()) == 1, r.err
    assert not (tmp_path / "map.png").exists()


def test_no_plot_keeps_the_measurement(trireme, tmp_path):
    r = trireme(3, "p2p", "--sizes", "8", *QUICK, *CALM, "--plot", "none/p.svg")
    assert r.status == 4 and "cannot write 'none/p.svg'" in r.err and len(r.err.splitlines()) == 1, r.err
    record = re.search(r"^record +(\S+)$", r.out, re.M)
    assert re.search(r"^bisection ", r.out, re.M) and record, r.out
    with h5py.File(tmp_path / record[1], "r") as f:
        assert f["samples/8/latency"].shape == (3, 2) and f.attrs["verdict"] == "right"
    assert not list(tmp_path.glob("*.part")) and not (tmp_path / "none").exists()


@pytest.mark.full
def test_no_plot_hides_no_slow_rank(trireme):
    if not os.environ.get("TRIREME_DELAY"):
        pytest.skip("nothing is preloaded under a sanitizer")
    r = trireme(4, "p2p", "--sizes", "8", *DELAYED, "--results", "none", "--plot", "none/p.svg",
                env={"LD_PRELOAD": os.environ["TRIREME_DELAY"], "DELAY": "2"})
    assert r.status == 1 and "slower than the rest" in r.err and "none/p.svg" in r.err, r.err
    assert len(r.err.splitlines()) == 1


@pytest.mark.parametrize("order", ("oddeven", "sendrecv", "nonblocking"))
@pytest.mark.parametrize("strict,numbers", (((), (3,)), (("--strict",), (3,)),
                                            full(("--strict",), (1, 2, 8))))
def test_safe_orders(trireme, tmp_path, order, strict, numbers):
    """What passes without a copy of the message passes with one."""
    for ranks in numbers:
        r = trireme(ranks, "p2p", "--order", order, *strict, "--sizes", "8,1Mi", "--samples", 2, "--timeout",
                    60)
        assert r.status == 0 and r.out.count("every byte right") == 2, r.err
    with h5py.File(next(iter(glob.glob(str(tmp_path / "results" / "*.h5")))), "r") as f:
        assert f["samples/1Mi/ring"].shape == (2,)


def test_unsafe_order(trireme, tmp_path):
    # A few bytes pass, thanks to a buffer ...
    assert trireme(3, "p2p", "--order", "unsafe", "--sizes", "8", "--timeout", 60, "--results",
                   "none").status == 0
    # ... without one, and with many bytes, they do not.
    for ranks, arguments in ((1, ("--strict",)), (3, ("--strict",)), (3, ("--sizes", "4Mi"))):
        r = trireme(ranks, "p2p", "--order", "unsafe", "--timeout", 1, *arguments)
        circle = " > ".join(map(str, [*range(ranks), 0]))
        lines = [line for line in r.err.splitlines() if line.startswith("p2p:")]
        assert r.status == 1 and len(lines) == 1, r.err
        assert re.match(rf"p2p: \[rank 0 of {ranks} on \S+\] --order unsafe is stuck for 1 s: ", lines[0])
        assert lines[0].endswith(f"until the next one receives, {circle}")
        assert not glob.glob(str(tmp_path / "results" / "*"))


BAD = [
    (("--sizes", "8,x"), "'x' is not a size"),
    (("--sizes", ""), "--sizes"),
    (("--sizes", "8,,16"), "--sizes"),
    (("--sizes", "64,8"), "not in ascending order"),
    (("--sizes", "8,8"), "not in ascending order"),
    (("--sizes", "2Gi"), "at most 2147483647 bytes, not 2Gi"),
    (("--samples", "0"), "--samples: at least 1"),
    (("--duration", "-1"), "--duration"),
    (("--duration", "nan"), "--duration"),
    (("--duration", "1000"), "--duration"),
    (("--per", "socket"), "'socket' is not one of rank|node"),
    (("--slow", "1"), "--slow: more than 1"),
    (("--order", "random"), "'random' is not one of none|unsafe|oddeven|sendrecv|nonblocking"),
    (("--strict",), "--strict needs --order"),
    (("--order", "oddeven", "--timeout", "0"), "--timeout"),
    (("--order", "oddeven", "--plot", "p.svg"), "--plot"),
    (("--plot", "p.svg"), "--plot needs two ranks"),
    (("--device", "auto"), "does not use a device"),
    (("more",), "unexpected argument"),
]


@pytest.mark.parametrize("arguments,text", BAD, ids=lambda v: " ".join(v) if isinstance(v, tuple) else None)
def test_bad_input(trireme, tmp_path, arguments, text):
    # How ranks agree does not depend on what is wrong.
    ranks = 2 if arguments == BAD[0][0] else 0
    r = trireme(ranks, "p2p", *arguments)
    assert r.status == 2 and r.out == "", r.err
    lines = r.err.splitlines()
    assert len(lines) == 1 and text in lines[0], r.err
    assert re.match(rf"p2p: \[rank 0 of {ranks or 1} on \S+\] ", lines[0]), r.err
    assert not os.listdir(tmp_path / "results") if (tmp_path / "results").exists() else True


def test_sizes_too_large_for_the_memory(trireme):
    """Two messages of 2 GiB on a rank that may have 1 GiB."""
    r = trireme(0, "p2p", "--sizes", 2**31 - 1, wrap=("prlimit", "--data=1000000000"))
    assert r.status == 3 and "no memory" in r.err, r.err
