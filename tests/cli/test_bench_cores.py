"""bench cores, which names slow ranks and nodes."""
import os

import h5py
import pytest

CORES = ("--bytes", "1Mi", "--duration", 0, "--threads", 1)


def test_cores(trireme, tmp_path):
    r = trireme(3, "bench", "cores", *CORES, "--slow", 1e9, "--results", "r")
    assert r.status == 0 and r.out.count(" 0.000") == 0, r.err
    with h5py.File(next((tmp_path / "r").glob("*.h5"))) as f:
        assert f["rates/sums"].shape == f["rates/memory"].shape == (3,) and f.attrs["slow"] == "none"
        assert (f["rates/memory"][()] > 0).all()


def test_slow_core(trireme, rank_wrapper):
    """With a library that makes sums five times as long on one rank."""
    if not os.environ.get("TRIREME_SLOW"):
        pytest.skip("nothing is preloaded under a sanitizer")
    wrap = rank_wrapper(1, f"export LD_PRELOAD={os.environ['TRIREME_SLOW']}")
    r = trireme(3, "bench", "cores", "--bytes", "1Mi", "--duration", 0.2, "--slow", 2, "--threads", 1,
                "--results", "none", wrap=wrap)
    assert r.status == 1 and "rank 1 on " in r.err and "x in sums)" in r.err, r.err
    assert len(r.err.splitlines()) == 1


@pytest.mark.parametrize("words", (("--slow", 1), ("--bytes", "1Ki"), ("--duration", -1)))
def test_cores_bad(trireme, words):
    r = trireme(0, "bench", "cores", *words, "--results", "none")
    assert r.status == 2 and words[0] in r.err and len(r.err.splitlines()) == 1
