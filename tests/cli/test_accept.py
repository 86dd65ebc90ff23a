"""apps/accept, which judges the runs of jobs/accept.sh: steps, limits, comparison."""
import h5py
import pytest


@pytest.fixture
def runs(tmp_path):
    """runs(FOLDER, factor): three sweeps, with times that noise disturbs; factor: how much slower."""

    def make(folder, factor=1.0):
        (tmp_path / folder).mkdir()
        for k in range(3):
            with h5py.File(tmp_path / folder / f"p2p-{k}.h5", "w") as f:
                f.attrs["program"] = "p2p"
                for name, value, units in (("latency", (1 + 0.05 * k) * factor * 1e-6, "s"),
                                           ("bandwidth", (1 + 0.05 * k) / factor * 1e9, "B/s"),
                                           ("players", 3, "1")):
                    f[f"results/{name}"] = value
                    f[f"results/{name}"].attrs["units"] = units
        (tmp_path / "steps").write_text("doctor\t0\t\nnetwork\t1\tslow: rank 3\nnetwork\t0\t\n"
                                        "device\t77\tno device\n")

    return make


def judge(trireme, *words):
    r = trireme(0, "accept", "new", "--results", "out", *words)
    return r, r.err.split("] ", 1)[-1].strip()


def test_accepted(trireme, tmp_path, runs):
    runs("new")
    (tmp_path / "limits").write_text("# a comment\n\np2p latency <= 1.02e-6  # s\np2p bandwidth >= 1.08e9\n"
                                     "p2p nothing <= 1\n")
    r, _ = judge(trireme, "--steps", "steps", "--limits", "limits")
    rows = r.out.splitlines()
    assert r.status == 0 and not r.err, r.err
    # One run of several may fail, and one of several may be beyond a limit.
    assert any(row.split()[:2] == ["network", "ok"] and "slow: rank 3" in row for row in rows)
    assert any(row.split()[:3] == ["device", "not", "here"] for row in rows)
    assert "p2p/nothing was not measured" in r.out and r.out.count("the limit is") == 2
    with h5py.File(next((tmp_path / "out").glob("accept-*.h5"))) as f:
        assert f.attrs["verdict"] == "right" and f.attrs["failures"] == "none"
        assert f["measures/p2p/latency"].shape == (3,) and f["measures/p2p/latency"].attrs["units"] == "s"


def test_refused(trireme, tmp_path, runs):
    runs("new")
    (tmp_path / "steps").write_text("a\t0\t\nb\t1\tfirst\nb\t3\tsecond: <b>\nc\t1\tbad\nc\t77\tnone\n")
    (tmp_path / "limits").write_text("p2p latency <= 0.99e-6\np2p players >= 3\n")
    r, why = judge(trireme, "--steps", "steps", "--limits", "limits")
    assert r.status == 1 and len(r.err.splitlines()) == 1
    assert why == "b: second: <b>; p2p/latency is 1.05e-06 s; the limit is <= 9.9e-07"
    with h5py.File(next((tmp_path / "out").glob("accept-*.h5"))) as f:
        assert f.attrs["verdict"].endswith(why)


@pytest.mark.parametrize("factor, status, text", (
    (1, 0, ""), (1.05, 0, ""), (0.5, 0, ""),
    (1.5, 1, "slower: 2 of 3 numbers, such as p2p/bandwidth was 1.05e+09 B/s and is 7e+08")))
def test_compare(trireme, tmp_path, runs, factor, status, text):
    runs("new")
    assert judge(trireme)[0].status == 0
    old = next((tmp_path / "out").glob("accept-*.h5")).rename(tmp_path / "old.h5")
    (tmp_path / "new").rename(tmp_path / "before")
    runs("new", factor)
    r, why = judge(trireme, "--compare", old)
    assert r.status == status and why.startswith(text) and "players" not in why, r.err
    assert r.out.count("faster") == (2 if factor < 1 else 0) and "2 numbers" not in r.out


@pytest.mark.parametrize("words, status, text", (
    (("--steps", "none"), 4, "cannot open 'none'"), (("--steps", "bad"), 4, "line 2 of 'bad'"),
    (("--limits", "bad"), 4, "line 1 of 'bad' is not PROGRAM RESULT"),
    (("--tolerance", -1), 2, "--tolerance"),
    (("--compare", "new/p2p-0.h5"), 4, "has no number of these runs")))
def test_bad(trireme, tmp_path, runs, words, status, text):
    runs("new")
    (tmp_path / "bad").write_text("a\t0\t\nb\tmany\n")
    r, why = judge(trireme, *words)
    assert r.status == status and text in why and len(r.err.splitlines()) == 1, r.err
