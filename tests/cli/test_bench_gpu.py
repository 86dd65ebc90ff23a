"""bench gpu: every kernel in both forms, transfers, starts, break-even, allreduce; record and picture."""
import xml.etree.ElementTree

import h5py
import pytest

from conftest import full

KERNELS = "sum moments ordered plain fill copy axpy combine transpose histogram heat peak".split()
OTHERS = ("write_pageable read_pageable write_pinned read_pinned map launch round_trip open allreduce_device "
          "allreduce_host").split()


def bench(trireme, ranks, *arguments):
    r = trireme(ranks, "bench", "gpu", *arguments)
    if r.status == 3 and "OpenCL" in r.err:
        pytest.skip("no OpenCL device")
    return r


@pytest.mark.parametrize("ranks, device", (full(1, ()), full(2, ("--device", "auto"))))
def test_all(trireme, tmp_path, ranks, device):
    """The program compares device and host itself."""
    r = bench(trireme, ranks, "--bytes", "256Ki", "--trials", 2, *device, "--results", "r", "--json")
    results = {name: e["value"] for name, e in r.json["results"].items() if isinstance(e, dict)}
    assert all(results[name] > 0 for name in ("copy_speed", "peak", "open", "allreduce_ratio"))
    assert 0 <= results["pays_from"] <= 32768 and results["bytes"] == 1 << 18
    with h5py.File(next((tmp_path / "r").glob("*.h5"))) as f:
        expected = {f"{kernel}_{form}" for kernel in KERNELS for form in ("item", "group")} | set(OTHERS)
        expected |= {f"sum_{who}_{n}" for who in ("threads", "device") for n in (1024, 4096, 16384)}
        assert set(f["samples"]) == expected
        for samples in f["samples"].values():
            assert samples.shape == (2,) and (samples[()] > 0).all() and samples.attrs["units"] == "s"


def test_table_and_picture(trireme, tmp_path):
    r = bench(trireme, 1, "--bytes", "64Ki", "--trials", 1, "--results", "none", "--plot", "roof.svg")
    assert r.status == 0, r.err
    rows = {words[0]: words for words in map(str.split, r.out.splitlines()) if words}
    assert float(rows["copy_item"][2]) > 0 and "use" in rows["copy_item"] + rows["copy_group"]
    assert float(rows["map"][1]) > 0
    picture = "".join(xml.etree.ElementTree.parse(tmp_path / "roof.svg").getroot().itertext())
    assert "Gflop/s" in picture and "moments" in picture and "copy speed and peak" in picture


@pytest.mark.parametrize("bad", (("--trials", 0), ("--bytes", 7)))
def test_bad_options(trireme, bad):
    r = bench(trireme, 1, *bad, "--results", "none")
    assert r.status == 2 and bad[0] in r.err, r.err
