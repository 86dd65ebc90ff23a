"""apps/heat against a loop in Python and the known solution; checkpoints that are killed, damaged, foreign,
and resumed elsewhere; and every kind of bad input."""
import json
import math
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import time
import zlib
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full, on_ranks

RNG = np.random.default_rng(9)


def reference(u, factor, steps):
    """The loop as it stands in every book, in the order of operations that include/trireme/gpu.h states."""
    u = np.pad(np.asarray(u, dtype=float), 1)
    for _ in range(steps):
        inner = (slice(1, -1),) * u.ndim

        def at(axis, by):
            return u[tuple(slice(1 + by, u.shape[a] - 1 + by) if a == axis else inner[a]
                           for a in range(u.ndim))]

        last, rows = u.ndim - 1, u.ndim - 2
        total = (at(last, -1) + at(last, 1)) + (at(rows, -1) + at(rows, 1))
        if u.ndim == 3:
            total = total + (at(0, -1) + at(0, 1))
        new = u.copy()
        new[inner] = u[inner] + factor * (total - (2.0 * u.ndim) * u[inner])
        u = new
    return u[(slice(1, -1),) * u.ndim]


def field(tmp_path, name, step):
    with h5py.File(tmp_path / f"{name}-{step:08d}.h5", "r") as f:
        assert f.attrs["complete"] == 1 and f.attrs["step"] == step
        return f["u"][()]


def same(a, b):
    return a.shape == b.shape and a.tobytes() == b.tobytes()


FEW_WORKERS = ((2, 3, "none", 1), (8, 1, "none", 1), (3, 1, "auto", 1))
WORKERS = ((1, 1, "none", 1), (3, 1, "none", 1), (5, 2, "none", 1), (1, 2, "auto", 0.5), *FEW_WORKERS)


@pytest.mark.parametrize("shape, workers", (
    ((19, 23), FEW_WORKERS),
    full((19, 23), WORKERS),
    ((11, 9, 10), FEW_WORKERS),
    full((11, 9, 10), WORKERS),
    *(full(shape, FEW_WORKERS) for shape in ((3, 40), (1, 1), (2, 1, 5)))))
def test_same_bits_as_a_plain_loop(trireme, tmp_path, shape, workers):
    """On any ranks, threads and device share."""
    start = RNG.uniform(-1, 1, shape)
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["u"] = start
    expected = reference(start, 0.15, 12)
    for ranks, threads, device, share in workers:
        r = trireme(ranks, "heat", "x.h5:/u", "--factor", 0.15, "--steps", 12, "--threads", threads,
                    "--device", device, "--share", share, "--out", "o", "--replace", "--results",
                    "none", "--quiet")
        if device != "none" and r.status == 3 and "OpenCL" in r.err:
            continue
        assert (r.status, r.err) == (0, "")
        assert same(field(tmp_path, "o", 12), expected), (ranks, threads, device, share)


def test_large_fields_are_stored_past_the_caches(trireme, tmp_path):
    """With 34 MiB on one rank; two ranks have too little for that, and the same bits."""
    r = trireme(1, "heat", "--points", "2101x2099", "--initial", "gauss", "--steps", 3, "--out", "o",
                "--json", "--results", "none", "--energy-every", 0, "--threads", 2)
    assert r.json["results"]["field"] == trireme(2, "heat", "--points", "2101x2099", "--initial", "gauss",
                                                 "--steps", 3,
                                                 "--json", "--results", "none").json["results"]["field"]
    r = trireme(2, "heat", "--points", "2101x2099", "--initial", "gauss", "--steps", 0, "--out", "o",
                "--replace", "--results", "none")
    assert r.status == 0, r.err
    assert same(field(tmp_path, "o", 3), reference(field(tmp_path, "o", 0), 0.125, 3))


@pytest.mark.parametrize("points, grids", (
    ("30x21", ("1x6", "3x2")),
    full("30x21", ("1x6", "6x1", "2x3", "3x2")),
    ("9x8x7", ("1x2x3", "6x1x1")),
    full("9x8x7", ("1x2x3", "6x1x1", "1x1x6"))))
def test_same_bits_on_any_grid(trireme, points, grids):
    seen = set()
    for grid in grids:
        r = trireme(6, "heat", "--points", points, "--grid", grid, "--initial", "gauss",
                    "--json", "--results", "none", "--steps", 40)
        assert r.json["results"]["grid"] == grid.replace("x", " x ")
        seen.add((r.json["results"]["field"], r.value("sum")))
    assert len(seen) == 1


@pytest.mark.parametrize("dims", (2, 3))
def test_second_order(trireme, dims):
    """A quarter of the error with half the spacing, at the same time: h = 1/8, 1/16, 1/32."""
    errors = []
    for cells in (8, 16, 32):
        steps = cells * cells // 4
        r = trireme(2, "heat", "--points", "x".join([str(cells - 1)] * dims), "--steps", steps,
                    "--verify", "--json", "--results", "none")
        assert float.fromhex(r.value("time_end")) == 0.125 / 4
        errors.append(float.fromhex(r.value("error")))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert (abs(orders - 2) < 0.05).all(), (errors, orders)


def test_energy_is_the_exact_sum(trireme, tmp_path):
    record = trireme(3, "heat", "--points", "40x33", "--steps", 35, "--energy-every", 10, "--out", "o",
                     "--out-every", 10, "--json").json["record"]
    with h5py.File(tmp_path / record, "r") as f:
        energy = f["energy"][()]
        assert f.attrs["option_energy-every"] == "10"
    assert energy.tolist() == [math.fsum(field(tmp_path, "o", s).ravel()) for s in (0, 10, 20, 30)]
    assert (np.diff(energy) < 0).all()


def test_xdmf_names_every_field(trireme, tmp_path):
    r = trireme(2, "heat", "--points", "6x5x4", "--steps", 25, "--out", "d/o", "--out-every", 10, "--results",
                "none")
    assert r.status == 0, r.err
    root = ElementTree.parse(tmp_path / "d" / "o.xmf").getroot()
    grids = root.findall("./Domain/Grid/Grid")
    times = [float(g.find("Time").get("Value")) for g in grids]
    assert np.allclose(times, [s * 0.125 / 49 for s in (0, 10, 20, 25)])
    for grid, step in zip(grids, (0, 10, 20, 25)):
        assert grid.find("Topology").get("Dimensions") == "6 5 4"
        item = grid.find("Attribute/DataItem").text
        name, path = item.split(":")
        with h5py.File(tmp_path / "d" / name, "r") as f:
            assert f[path].shape == (6, 5, 4) and f.attrs["step"] == step


def test_xdmf_of_a_name_that_means_something_to_xml(trireme, tmp_path):
    prefix = "a&amp;b <c> \"d\" 'e'"
    r = trireme(2, "heat", "--points", "6x5", "--steps", 3, "--out", prefix, "--results", "none")
    assert r.status == 0, r.err
    root = ElementTree.parse(tmp_path / f"{prefix}.xmf").getroot()
    name, path = root.find("./Domain/Grid/Grid/Attribute/DataItem").text.split(":")
    assert name == f"{prefix}-00000003.h5" and path == "/u" and (tmp_path / name).exists()


def test_any_name_gives_valid_xml_and_json(trireme, tmp_path):
    """Bytes that are neither XML nor UTF-8 are escaped."""
    prefix = b"a\n\x01<&\"\xff\xc3\xa9"
    command = [str(BUILD / "apps" / "heat"), "--points", "6x5", "--steps", "3", "--out", prefix, "--json",
               "--results", b"r\xfe\n", "--verify"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert os.path.exists(os.path.join(os.fsencode(tmp_path), prefix + b"-00000003.h5"))
    root = ElementTree.parse(os.path.join(os.fsencode(tmp_path), prefix + b".xmf")).getroot()
    text = root.find("./Domain/Grid/Grid/Attribute/DataItem").text
    assert text == 'a\n\\x01<&"\\xff\xe9-00000003.h5:/u'
    answer = json.loads(done.stdout.decode())
    assert answer["record"].startswith("r\\xfe\\n/heat-") and answer["verdict"] == "right"
    assert "is the solution" in answer["results"]["verify"]


def test_a_run_without_verify_is_not_checked(trireme, tmp_path):
    for more, verdict in (((), "not checked"), (("--verify",), "right")):
        r = trireme(0, "heat", "--points", "6x5", "--steps", 3, "--json", *more)
        assert r.json["verdict"] == verdict and ("verify" in r.json["results"]) == bool(more)
        with h5py.File(tmp_path / r.json["record"], "r") as f:
            assert f.attrs["verdict"] == verdict


def test_plots(trireme, tmp_path):
    """An SVG file has axes and a scale, a PNG file a pixel for each point."""
    for kind in ("svg", "png"):
        r = trireme(2, "heat", "--points", "30x20", "--steps", 4, "--out", "o", "--plot", kind, "--replace",
                    "--results", "none")
        assert (r.status, r.err) == (0, "")
    png = (tmp_path / "o-00000004.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")
    assert struct.unpack(">II", png[16:24]) == (20, 30)
    chunk = png.index(b"IDAT")
    size, = struct.unpack(">I", png[chunk - 4:chunk])
    rows = np.frombuffer(zlib.decompress(png[chunk + 4:chunk + 4 + size]), np.uint8).reshape(30, 81)
    end = chunk + 4 + size
    assert zlib.crc32(png[chunk:end]) == struct.unpack(">I", png[end:end + 4])[0]
    # Symmetric, and brightest (viridis: yellow) in the middle; the border is dark.
    pixels = rows[:, 1:].reshape(30, 20, 4)
    assert not rows[:, 0].any() and (pixels[:, :, 3] == 255).all()
    assert np.ptp([pixels, pixels[::-1, ::-1]], axis=0).max() < 3
    assert pixels[15, 10, 0] > 200 and pixels[0, 0, 0] < 80
    texts = set(ElementTree.parse(tmp_path / "o-00000004.svg").getroot().itertext())
    assert {"x", "y", "u", "0.2", "0.4"} <= texts and any(text.startswith("Step 4, time ") for text in texts)


def test_place_of_picture(trireme, tmp_path):
    """The first inner point is one spacing from the border at 0: its cell is around there, and a mark at 0.2
    is at the fourth point."""
    r = trireme(0, "heat", "--points", "19x9", "--steps", 1, "--out", "o", "--plot", "svg",
                "--results", "none")
    assert r.status == 0, r.err
    svg = ElementTree.parse(tmp_path / "o-00000001.svg").getroot()
    tag = "{http://www.w3.org/2000/svg}"
    cells = [(float(c.get("x")), float(c.get("y")), float(c.get("width")))
             for c in svg.iter(f"{tag}rect") if c.find(f"{tag}title") is not None]
    assert len(cells) == 19 * 9
    left, width = min(cells)[0], cells[0][2]
    marks = {text.text: float(text.get("x")) for text in svg.iter(f"{tag}text")
             if text.get("text-anchor") == "middle"}
    for value in ("0.1", "0.2", "0.3"):
        column = float(value) / 0.05 - 1
        assert abs(marks[value] - (left + (column + 0.5) * width)) < 0.1, value


@pytest.mark.full
def test_bench(trireme):
    """The bits of all variants are compared by the program itself."""
    for ranks, device in ((1, "none"), (1, "auto"), (3, "none")):
        r = trireme(ranks, "bench", "heat", "--points", "65x64", "--trials", 3, "--device", device,
                    "--json", "--results", "none")
        if device != "none" and r.status == 3 and "OpenCL" in r.err:
            continue
        names = {"copied", "plain_loop", "threads"} | ({"device"} if device != "none" else set())
        assert names <= set(r.json["results"]) and all(r.json["results"][n]["value"] > 0 for n in names)
    for bad, status in ((("--points", "64"), 2), (("--points", "0x3"), 2), (("--steps", 0), 2),
                        (("--trials", 0), 2),
                        (("--points", "99999999x99999999"), 3)):
        r = trireme(2, "bench", "heat", *bad, "--results", "none")
        assert r.status == status and len(r.err.strip().splitlines()) == 1, r.err


# ---- checkpoints ----

SIZE = ("--points", "61x47", "--initial", "box", "--energy-every", 7, "--results", "none", "--json")


def outcome(r):
    results = r.json["results"]
    return results["field"], results["sum"]["hex"]


def start(tmp_path, ranks, *arguments):
    """Begins a run; its own process group, so that a test can kill all of it."""
    command = [str(BUILD / "apps" / "heat"), *map(str, arguments)]
    if ranks:
        command = [str(SOURCE / "jobs" / "run.sh"), LAUNCHER, str(ranks), *command]
    return subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_all(process):
    """kill -9 of the launcher and of every rank, which it puts into groups of their own, but not sessions."""
    members = [int(p.parent.name) for p in pathlib.Path("/proc").glob("[0-9]*/stat")
               if session_of(p) == process.pid]
    for pid in members:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.communicate()
    while any(session_of(pathlib.Path(f"/proc/{pid}/stat")) == process.pid for pid in members):
        time.sleep(0.01)


def session_of(stat):
    try:
        state, _, _, session = stat.read_text().rsplit(")", 1)[1].split()[:4]
        return int(session) if state != "Z" else None
    except OSError:
        return None


def wait_for(path, process):
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)
    assert path.exists(), process.communicate()


LONG = 10**9  # steps that nobody waits for


def test_resumes_on_other_ranks_threads_device(trireme, tmp_path):
    expected = outcome(trireme(3, "heat", *SIZE, "--steps", 900))
    step = 0
    # Each part ends after other steps, on another machine, and writes its checkpoint at its last but one.
    for ranks, threads, device, until in ((2, 1, "none", 150), (5, 2, "none", 333), (1, 3, "none", 500),
                                          (2, 1, "auto", 640),
                                          (3, 1, "none", 900)):
        r = trireme(ranks, "heat", *SIZE, "--steps", until, "--threads", threads, "--device", device,
                    "--checkpoint", "c.h5",
                    "--checkpoint-every", until - 1, *(["--resume"] if step else []))
        if device != "none" and r.status == 3 and "OpenCL" in r.err:
            continue
        results = r.json["results"]
        assert results.get("resumed", {"value": 0})["value"] == step
        step = until - 1
    assert outcome(r) == expected
    with h5py.File(tmp_path / "c.h5", "r") as now, h5py.File(tmp_path / "c.h5.prev", "r") as before:
        assert now["checkpoint/step"][()] == 899 and now["field"].shape == (61, 47)
        assert before["checkpoint/step"][()] == 639 or before["checkpoint/step"][()] == 499
        # The sums on the way went with it.
        assert len(now["energy"]) == 899 // 7 + 1 and (now["energy"][()] > 0).all()


# mpirun kills its ranks after SIGTERM and SIGINT.
@pytest.mark.parametrize("number, ranks, device",
                         ((signal.SIGTERM, 0, "none"), (signal.SIGUSR1, 3, "none"),
                          *(full(number, 0, "none") for number in (signal.SIGUSR1, signal.SIGINT)),
                          *(full(number, 0, "auto") for number in (signal.SIGUSR1, signal.SIGTERM,
                                                                   signal.SIGINT))))
def test_a_signal_stops_it_at_a_checkpoint(trireme, tmp_path, number, ranks, device):
    if device != "none" and trireme(0, "heat", *SIZE, "--steps", 1, "--device", device).status == 3:
        pytest.skip("no OpenCL device")
    process = start(tmp_path, ranks, *SIZE, "--steps", LONG, "--checkpoint", "c.h5",
                    "--checkpoint-every", "100", "--device", device)
    wait_for(tmp_path / "c.h5", process)
    process.send_signal(number)
    out, err = process.communicate()
    # Hydra, which passed a signal on, sometimes ends with 0 whatever its ranks did.
    hydra = ranks and "mpich" in os.environ.get("TRIREME_LAUNCHER", "")
    assert process.returncode in ((0, 75) if hydra else (75,)) and out == "", (process.returncode, err)
    assert "stopped after step" in err and len(err.strip().splitlines()) == 1, err
    with h5py.File(tmp_path / "c.h5", "r") as f:
        step = int(f["checkpoint/step"][()])
    assert f"step {step} of" in err and not list(tmp_path.glob("*.part"))
    r = trireme(2, "heat", *SIZE, "--steps", step + 50, "--checkpoint", "c.h5", "--resume")
    assert r.json["results"]["resumed"]["value"] == step
    assert outcome(r) == outcome(trireme(1, "heat", *SIZE, "--steps", step + 50))


@pytest.mark.full
def test_killed_at_any_moment_it_resumes(trireme, tmp_path):
    """kill -9 of everything at seeded moments, most of them amid a checkpoint; each time on another number of
    ranks."""
    moments = random.Random(4)
    steps = 0
    for ranks in (2, 3, 1, 2):
        process = start(tmp_path, ranks, *SIZE, "--steps", LONG, "--checkpoint", "c.h5",
                        "--checkpoint-every", "3", "--resume")
        wait_for(tmp_path / "c.h5", process)
        # The second start begins later than its file is there.
        time.sleep(0.6 + moments.uniform(0, 0.4))
        kill_all(process)
        with h5py.File(tmp_path / "c.h5", "r") as f:
            assert f.attrs["complete"] == 1
            assert int(f["checkpoint/step"][()]) >= steps
            steps = int(f["checkpoint/step"][()])
    assert steps > 0
    r = trireme(3, "heat", *SIZE, "--steps", steps + 20, "--checkpoint", "c.h5", "--resume")
    assert r.json["results"]["resumed"]["value"] == steps
    assert outcome(r) == outcome(trireme(1, "heat", *SIZE, "--steps", steps + 20))


def make_two(trireme):
    """c.h5 of step 40 and c.h5.prev of step 20."""
    r = trireme(2, "heat", *SIZE, "--steps", 50, "--checkpoint", "c.h5", "--checkpoint-every", 20)
    assert r.status == 0, r.err
    return r


def damage(path, how):
    data = bytearray(path.read_bytes())
    if how == "truncated":
        data = data[:len(data) // 2]
    elif how == "no HDF5":
        data[:8] = b"garbage!"
    elif how == "empty":
        data = b""
    elif how == "a bit":
        with h5py.File(path, "r") as f:
            data[f["field"].id.get_offset() + 12345] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("how", ("truncated", "a bit", *map(full, ("no HDF5", "empty"))))
def test_a_broken_checkpoint_is_refused_and_the_one_before_taken(trireme, tmp_path, how):
    expected = outcome(make_two(trireme))
    damage(tmp_path / "c.h5", how)
    r = trireme(3, "heat", *SIZE, "--steps", 50, "--checkpoint", "c.h5", "--checkpoint-every", 45, "--resume")
    assert r.status == 0 and "'c.h5'" in r.err and "cannot use the checkpoint" in r.err, r.err
    assert len(r.err.strip().splitlines()) == 1, r.err
    assert r.json["results"]["resumed"]["value"] == 20 and outcome(r) == expected
    # The broken one has not taken the place of the good one.
    with h5py.File(tmp_path / "c.h5.prev", "r") as before, h5py.File(tmp_path / "c.h5", "r") as now:
        assert before["checkpoint/step"][()] == 20 and now["checkpoint/step"][()] == 45
    damage(tmp_path / "c.h5", how)
    damage(tmp_path / "c.h5.prev", how)
    r = trireme(2, "heat", *SIZE, "--steps", 50, "--checkpoint", "c.h5", "--resume")
    assert r.status == 4 and "'c.h5'" in r.err, r.err


def test_a_foreign_checkpoint_is_refused(trireme, tmp_path):
    make_two(trireme)
    for name in ("c.h5", "c.h5.prev"):
        (tmp_path / name).chmod(0o644)
    for change, text in ((("--points", "61x48"), "points in dimension 1"), (("--factor", 0.2), "factor"),
                         (("--initial", "sine"), "initial"), (("--energy-every", 5), "energy-every"),
                         (("--points", "5x5x5"), "dimensions"), (("--steps", 10), "after step")):
        r = trireme(2 if text == "factor" else 0, "heat", *SIZE, "--steps", 60, *change, "--checkpoint",
                    "c.h5", "--resume")
        assert r.status == 4 and text in r.err and "c.h5" in r.err, r.err
    os.remove(tmp_path / "c.h5.prev")
    with h5py.File(tmp_path / "c.h5", "r+") as f:
        f.attrs["program"] = "other"
    r = trireme(2, "heat", *SIZE, "--steps", 60, "--checkpoint", "c.h5", "--resume")
    assert r.status == 4 and "of other" in r.err and len(r.err.strip().splitlines()) == 1, r.err
    with h5py.File(tmp_path / "c.h5", "w") as f:
        f["u"] = [1.0]
    r = trireme(0, "heat", *SIZE, "--steps", 60, "--checkpoint", "c.h5", "--resume")
    assert r.status == 4 and "is not a checkpoint" in r.err, r.err


def test_by_time_and_without_a_file(trireme, tmp_path):
    r = trireme(2, "heat", *SIZE, "--steps", 60, "--checkpoint", "c.h5", "--checkpoint-every", "0.0001s",
                "--resume")
    assert "resumed" not in r.json["results"] and (tmp_path / "c.h5").exists()
    r = trireme(2, "heat", *SIZE, "--steps", 300, "--checkpoint", "c.h5")
    assert r.status == 4 and "--resume" in r.err


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(trireme, tmp_path):
    (tmp_path / "file").write_text("")
    r = trireme(2, "heat", *SIZE, "--steps", 50, "--checkpoint", "file/c.h5", "--checkpoint-every", 20)
    assert r.status == 0 and r.err.count("cannot write a checkpoint, the run continues") == 2, r.err


# ---- bad input ----

BAD = {
    ("--points", "8"): 2,
    ("--points", "8x8x8x8"): 2,
    ("--points", "8xy"): 2,
    ("--points", "0x8"): 2,
    ("--points", "8x"): 2,
    ("--grid", "3x1"): 2,
    ("--out", ""): 2,
    ("--grid", "2"): 2,
    ("--grid", "2x1x1"): 2,
    ("--grid", "0x0x"): 2,
    ("--factor", "0.26"): 2,
    ("--factor", "0"): 2,
    ("--factor", "0.2", "--points", "5x5x5"): 2,
    ("--share", "1.5"): 2,
    ("--verify", "--initial", "box"): 2,
    ("--initial", "round"): 2,
    ("--out-every", "5"): 2,
    ("--plot", "png"): 2,
    ("--plot", "gif"): 2,
    ("--resume",): 2,
    ("--checkpoint-every", "60s"): 2,
    ("--checkpoint", "c.h5", "--checkpoint-every", "soon"): 2,
    ("--checkpoint", "c.h5", "--checkpoint-every", "-1"): 2,
    ("--checkpoint", "c.h5", "--checkpoint-every", "1.5"): 2,
    ("--checkpoint", "c.h5", "--repeat", "2"): 2,
    ("--checkpoint", ""): 2,
    ("--out", "file/o"): 4,
    ("missing.h5:/u",): 4,
    ("x.h5:/nothing",): 4,
    ("x.h5:/line",): 4,
    ("x.h5:/empty",): 4,
    ("x.h5:/text",): 4,
    ("x.h5:/wide",): 4,
    ("x.h5:/good", "--points", "3x3"): 2,
    ("x.h5:/good", "--points", "256x256"): 2,
    ("x.h5:/good", "--initial", "gauss"): 2,
    ("x.h5:/good", "--initial", "sine"): 2,
}


@pytest.mark.parametrize("ranks, arguments, status",
                         on_ranks(BAD.items(), 2, lambda arguments: "--grid" in arguments))
def test_bad_input(trireme, tmp_path, ranks, arguments, status):
    (tmp_path / "file").write_text("")
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["line"], f["empty"], f["text"] = np.ones(4), np.ones((3, 0)), "words"
        f["wide"], f["good"] = np.ones((3, 3), dtype="i8"), np.ones((3, 3))
    points = () if "--points" in arguments or ".h5:" in arguments[0] else ("--points", "8x8")
    r = trireme(ranks, "heat", *arguments, *points, "--results", "none")
    assert r.status == status, (r.status, r.err)
    assert r.out == "" and len(r.err.strip().splitlines()) == 1 and r.err.startswith("heat: "), r.err
    if arguments[0] == "x.h5:/good":
        assert f"{arguments[1]}: " in r.err and "come from 'x.h5:/good'" in r.err
    assert not list(tmp_path.glob("*.part"))
