"""tune: what it measures is what boost serves."""
import re

import h5py

from test_boost import RANDOM, boost, launch, table


def test_tune(trireme, tmp_path):
    """The file of tune is what boost serves; a file of another machine is said to be one."""
    few = ("--operations", "allreduce,bcast", "--largest", 512, "--seconds", 0.01)
    r = trireme(2, "tune", *few, "--results", ".", "--verbose")
    assert r.status == 0, r.err
    cells = re.findall(r"^(\w+) +(\d+) +[\d.]+ +[\d.]+ *(served)?$", r.out, re.M)
    assert [cell[:2] for cell in cells] == [(name, size) for name in ("bcast", "allreduce")
                                            for size in ("8", "32", "128", "512")]
    file = tmp_path / "trireme.tuning"
    first = file.read_text().splitlines()
    assert first[0] == "trireme tuning 1" and first[3].startswith("shape 2x1:")
    assert trireme(3, "tune", *few, "--results", "none").status == 0
    assert file.read_text().splitlines()[:4] == first
    assert file.read_text().splitlines()[4].startswith("shape 3x1:")
    with h5py.File(next(tmp_path.glob("tune-*.h5"))) as record:
        for method in ("mpi", "ours"):
            samples = record[f"samples/allreduce/128/single/{method}"]
            assert len(samples) >= 3 and min(samples) > 0
    # Classes that we choose: some of allreduce alone.
    head = first[:3]
    file.write_text("\n".join([*head, "shape 2x1:allreduce=8"]) + "\n")
    shown = trireme(0, "tune", "--show", file, "--results", "none").out
    assert re.search(r"^2x1 \(ranks x nodes\)\n  allreduce +4 to 7 B$", shown, re.M), shown
    file.write_text("\n".join([*head, "shape 2x1:allreduce=fffffff"]) + "\n")
    run = boost("--tuning", file, "--report", RANDOM, "1", "60", "same")
    r = launch(2, run)
    assert r.returncode == 0 and "boost:" not in r.stderr, r.stderr
    seen = table(r.stderr)
    assert seen["allreduce"][0] > 0 and all(not seen[name][0] for name in seen if name != "allreduce")
    file.write_text("\n".join([head[0], "machine Another", head[2], "shape 2x1:allreduce=8"]) + "\n")
    r = launch(2, run)
    assert r.returncode == 0 and r.stderr.count("was measured with") == 1
    r = trireme(2, "tune", *few, "--out", file)
    assert r.status == 2 and "is of another machine" in r.err
    file.write_text("nothing\n")
    r = trireme(0, "boost", "--tuning", file, "true")
    assert r.status == 4 and "is no tuning file" in r.err
    r = trireme(2, "tune", *few, "--out", file)
    assert r.status == 4 and "is no tuning file" in r.err
    r = trireme(1, "tune")
    assert r.status == 2 and "needs 2 ranks" in r.err
