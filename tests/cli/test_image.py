"""apps/image: filters beside scipy.ndimage and scikit-image; formats, cuts, broken frames, journals."""
import json
import os
import signal
import struct
import subprocess
import time
import zlib

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")
ndimage = pytest.importorskip("scipy.ndimage")
skimage = pytest.importorskip("skimage")
Image = pytest.importorskip("PIL.Image")
import skimage.exposure  # noqa: E402
import skimage.feature  # noqa: E402
import skimage.filters  # noqa: E402
import skimage.transform  # noqa: E402

from conftest import BUILD, LAUNCHER, SOURCE, full  # noqa: E402


def scene(rows, columns, kind=np.uint8, seed=0):
    """Smooth spots, edges and noise."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=(rows, columns)), 3)
    spots = (noise > 0.05) * 90 + 60 + rng.normal(size=(rows, columns)) * 12
    return np.clip(spots, 0, 255).astype(kind) * (257 if kind == np.uint16 else 1)


def image(trireme, ranks, *arguments, **how):
    return trireme(ranks, "image", *arguments, "--results", "none", **how)


def right(trireme, ranks, *arguments, **how):
    r = image(trireme, ranks, *arguments, "--quiet", **how)
    assert r.status == 0, r.err
    return r


def near(a, b, tolerance):
    assert a.shape == b.shape, (a.shape, b.shape)
    assert np.abs(a.astype(float) - b).max() <= tolerance, np.abs(a.astype(float) - b).max()


def window(x, radius, mode):
    return np.lib.stride_tricks.sliding_window_view(np.pad(x, radius, mode=mode), (2 * radius + 1,) * 2)


def lanczos(x, size):
    """Along the first axis, as Pillow defines it."""
    scale = x.shape[0] / size
    support = max(scale, 1)
    at = (np.arange(x.shape[0])[None, :] + 0.5 - (np.arange(size)[:, None] + 0.5) * scale) / support
    weights = np.where(np.abs(at) < 3, np.sinc(at) * np.sinc(at / 3), 0)
    return (weights / weights.sum(1, keepdims=True)) @ x


def area(x, size):
    scale = x.shape[0] / size
    k, i = np.arange(x.shape[0])[None, :], np.arange(size)[:, None]
    weights = np.clip(np.minimum((i + 1) * scale, k + 1) - np.maximum(i * scale, k), 0, None)
    return (weights / weights.sum(1, keepdims=True)) @ x


def both(f, x, rows, columns):
    return f(f(x, rows).T, columns).T


A = scene(61, 83).astype(np.float64)
T = 2e-3  # of 255: floats of 32 bits in place of 64
SQUARE = {"reflect": "symmetric", "nearest": "edge", "constant": "constant"}
FILTERS = [
    ("invert", lambda x, m: 255 - x, 0),
    ("gamma=0.5", lambda x, m: 255 * (x / 255)**0.5, T),
    ("levels=50:200", lambda x, m: np.clip((x - 50) * 255 / 150, 0, 255), T),
    ("threshold=90", lambda x, m: (x > 90) * 255, 0),
    ("threshold=otsu", lambda x, m: (x > skimage.filters.threshold_otsu(x.astype(np.uint8))) * 255, 0),
    ("gauss=1.7", lambda x, m: ndimage.gaussian_filter(x, 1.7, mode=m), T),
    ("gauss=3:2", lambda x, m: ndimage.gaussian_filter(x, 3, mode=m, truncate=2), T),
    ("box=3", lambda x, m: ndimage.uniform_filter(x, 7, mode=m), T),
    ("box=0", lambda x, m: x, 0),
    ("median=1", lambda x, m: ndimage.median_filter(x, 3, mode=m), 0),
    ("median=2", lambda x, m: ndimage.median_filter(x, 5, mode=m), 0),
    ("median=4", lambda x, m: np.median(window(x, 4, SQUARE[m]), axis=(2, 3)), 0),
    ("sharpen=2:1.5", lambda x, m: x + 1.5 * (x - ndimage.gaussian_filter(x, 2, mode=m)), 2 * T),
    ("sobel", lambda x, m: np.hypot(ndimage.sobel(x, 0, mode=m), ndimage.sobel(x, 1, mode=m)) / 32**0.5, T),
    ("laplace", lambda x, m: ndimage.laplace(x, mode=m), 0),
    ("erode=2", lambda x, m: ndimage.grey_erosion(x, size=5, mode=m), 0),
    ("dilate=3", lambda x, m: ndimage.grey_dilation(x, size=7, mode=m), 0),
    ("open=2",
     lambda x, m: ndimage.grey_dilation(ndimage.grey_erosion(x, size=5, mode=m), size=5, mode=m), 0),
    ("close=1",
     lambda x, m: ndimage.grey_erosion(ndimage.grey_dilation(x, size=3, mode=m), size=3, mode=m), 0),
    ("background=5", lambda x, m: ndimage.white_tophat(x, size=11, mode=m), 0),
    ("resize=30:41:area", lambda x, m: both(area, x, 30, 41), T),
    ("resize=30:41:lanczos", lambda x, m: both(lanczos, x, 30, 41), T),
    ("resize=90:200:lanczos", lambda x, m: both(lanczos, x, 90, 200), T),
    ("resize=122:100:bilinear",
     lambda x, m: skimage.transform.resize(x, (122, 100), order=1, mode="edge", anti_aliasing=False), T),
    ("rotate=90", lambda x, m: np.rot90(x), 0),
    ("rotate=180", lambda x, m: np.rot90(x, 2), 0),
    ("rotate=270", lambda x, m: np.rot90(x, 3), 0),
    ("crop=3:5:40:60", lambda x, m: x[3:43, 5:65], 0),
    ("stripes=3", lambda x, m: x - (x.mean(0) - ndimage.median_filter(x.mean(0), 7)), T),
    ("field", lambda x, m: (x - 3) / (F - 3) * (F - 3).mean(), T),
    ("none", lambda x, m: x, 0),
]
F = np.linspace(100, 250, A.size).reshape(A.shape).astype(np.float32)
EDGED = "gauss box median sharpen sobel erode dilate laplace".split()
CASES = [([case], "reflect") for case in FILTERS]
CASES += [([case], edge) for case in FILTERS for edge in ("nearest", "constant")
          if case[0].split("=")[0] in EDGED]


def chain(*names):
    return [case for name in names for case in FILTERS if case[0] == name]


# Several filters at once, so that a start tries many.
ORDER = chain("invert", "median=1", "erode=2", "median=2", "laplace", "dilate=3", "median=4", "close=1",
              "crop=3:5:40:60", "open=2", "rotate=90", "rotate=180", "background=5")
SMOOTH = chain("field", "gauss=1.7", "box=3", "sharpen=2:1.5", "sobel", "gauss=3:2", "rotate=270")
CHAINS = [(ORDER[:-1], edge) for edge in SQUARE]
CHAINS += [(SMOOTH, edge) for edge in SQUARE]
CHAINS += [(chain("levels=50:200", "gamma=0.5", "stripes=3"), "reflect"), (chain("background=5"), "reflect"),
           (chain("resize=30:41:area", "resize=90:200:lanczos", "resize=122:100:bilinear"), "reflect"),
           (chain("threshold=otsu", "rotate=180", "resize=30:41:lanczos"), "reflect")]


def try_filters(trireme, tmp_path, cases):
    """Beside scipy.ndimage and scikit-image; and by --verify, which compares all bits with the plain form."""
    Image.fromarray(A.astype(np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(F).save(tmp_path / "flat.tif")
    Image.fromarray(np.full_like(F, 3)).save(tmp_path / "dark.tif")
    for number, (filters, edge) in enumerate(cases):
        name = ",".join(case[0] for case in filters)
        fields = ("--flat", "flat.tif", "--dark", "dark.tif") if "field" in name else ()
        out = tmp_path / f"o{number}.tif"
        right(trireme, 0, name, "a.png", "--out", out, "--type", "f4", "--edge", edge, "--constant", 0,
              "--verify", *fields)
        expected = A
        for _, f, _ in filters:
            expected = f(expected, edge)
        try:
            near(np.array(Image.open(out)), expected, sum(2 * tolerance for _, _, tolerance in filters))
        except AssertionError as error:
            raise AssertionError(f"{name} {edge}: {error}") from None


def test_chains(trireme, tmp_path):
    try_filters(trireme, tmp_path, CHAINS)


@pytest.mark.full
def test_filters(trireme, tmp_path):
    try_filters(trireme, tmp_path, CASES)


def test_edges_and_regions(trireme, tmp_path):
    """Thresholds of a neighbourhood, Canny's edges, colour, connected regions, histograms."""
    x = scene(120, 150, seed=3)
    Image.fromarray(x).save(tmp_path / "x.png")
    right(trireme, 0, "adaptive=4:2", "x.png", "--out", "t.png", "--verify")
    mean = ndimage.uniform_filter(x.astype(float), 9) - 2
    t = np.array(Image.open(tmp_path / "t.png"))
    assert ((t == 255) == (x > mean))[np.abs(x - mean) > T].all() and set(np.unique(t)) == {0, 255}
    right(trireme, 0, "canny=1.5:0.2:0.4", "x.png", "--out", "c.png", "--verify")
    c = np.array(Image.open(tmp_path / "c.png"))[8:-8, 8:-8] > 0
    # Edges that leave the image differ in how they go on beyond it, and so, rarely, in hysteresis.
    expected = skimage.feature.canny(x.astype(float), 1.5, 0.2 * 255, 0.4 * 255)[8:-8, 8:-8]
    assert expected.sum() > 200 and (c != expected).sum() <= 0.01 * expected.sum()
    right(trireme, 0, "gauss=2,threshold=otsu,components=4", "x.png", "--out", "l.tif", "--type", "u2",
          "--table", "l.csv", "--verify")
    mask = ndimage.gaussian_filter(x.astype(float), 2)
    limit = skimage.filters.threshold_otsu(np.rint(mask).astype(np.uint8))
    labels, count = ndimage.label(np.rint(mask) > limit)
    got = np.array(Image.open(tmp_path / "l.tif"))
    assert (got == labels).mean() > 0.999 or (got > 0).sum() == (labels > 0).sum()
    rows = [line.split(",") for line in (tmp_path / "l.csv").read_text().splitlines() if line[0] != "#"]
    assert len(rows) == got.max()
    for row in rows:
        place = np.argwhere(got == int(row[3]))
        assert row[:2] == ["region", "x.png"] and int(row[4]) == len(place)
        assert np.allclose([float(v) for v in row[5:7]], place.mean(0))
        assert [int(v) for v in row[7:]] == [*place.min(0), *(place.max(0) + 1)]
    right(trireme, 0, "histogram", "x.png", "--out", "h.png", "--table", "h.csv")
    counts = [int(line.split(",")[5]) for line in (tmp_path / "h.csv").read_text().splitlines()[2:]]
    assert counts == np.bincount(x.ravel(), minlength=256).tolist()
    r = image(trireme, 0, "threshold=90,components=4", "x.png", "--out", "m.png")
    assert r.status in (0, 4)
    colour = np.dstack([x, x[::-1], x[:, ::-1], np.full_like(x, 77)])
    Image.fromarray(colour).save(tmp_path / "rgba.png")
    right(trireme, 0, "invert,median=1", "rgba.png", "--out", "rgba2.png", "--verify")
    got = np.array(Image.open(tmp_path / "rgba2.png"))
    assert (got[..., 3] == 77).all() and (got[..., 1] == ndimage.median_filter(255 - x[::-1], 3)).all()
    right(trireme, 0, "gray", "rgba.png", "--out", "g.tif", "--type", "f4", "--preview", "p.png",
          "--png-level", 6, "--png-filter", "all")
    near(np.array(Image.open(tmp_path / "g.tif")), colour[..., :3] @ [0.2125, 0.7154, 0.0721], T)
    assert Image.open(tmp_path / "p.png").size == (2 * 150 + 8, 120)


def png(rows, columns, depth=8, data=b""):
    def chunk(kind, content):
        sum_ = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum_)
    head = struct.pack(">IIBBBBB", columns, rows, depth, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def big_endian_tiff(x, tile=None):
    """A TIFF of 16 bits in one strip or in tiles, big-endian."""
    rows, columns = x.shape
    parts = [x]
    if tile:
        padded = np.zeros((-(-rows // tile) * tile, -(-columns // tile) * tile), x.dtype)
        padded[:rows, :columns] = x
        parts = [padded[r:r + tile, c:c + tile] for r in range(0, padded.shape[0], tile)
                 for c in range(0, padded.shape[1], tile)]
    tags = {256: (3, columns), 257: (3, rows), 258: (3, 16), 259: (3, 1), 262: (3, 1), 277: (3, 1)}
    size, n = parts[0].size * 2, len(parts)
    if tile:
        tags.update({322: (3, tile), 323: (3, tile), 324: (4, 0), 325: (4, 0)})
    else:
        tags.update({273: (4, 0), 278: (3, rows), 279: (4, 0)})
    data = 8 + 2 + 12 * len(tags) + 4 + 8 * n
    directory = struct.pack(">H", len(tags))
    extra = 8 + 2 + 12 * len(tags) + 4
    body = b"".join(struct.pack(">I", data + size * k) for k in range(n)) + struct.pack(">I", size) * n
    for tag, (kind, value) in sorted(tags.items()):
        if tag in (273, 324):
            directory += struct.pack(">HHII", tag, 4, n, data if n == 1 else extra)
        elif tag in (279, 325):
            directory += struct.pack(">HHII", tag, 4, n, size if n == 1 else extra + 4 * n)
        else:
            directory += struct.pack(">HHI", tag, kind, 1) + (struct.pack(">HH", value, 0) if kind == 3
                                                              else struct.pack(">I", value))
    return (b"MM\0*" + struct.pack(">I", 8) + directory + b"\0\0\0\0" + body +
            b"".join(p.astype(">u2").tobytes() for p in parts))


def test_formats(trireme, tmp_path):
    """What libraries of others write is read, and what is written they read: all in one start."""
    folder = tmp_path / "in"
    folder.mkdir()
    x, w = scene(40, 57, seed=5), scene(33, 47, np.uint16, seed=6)
    expected = {"a.png": x, "line.png": x[:1], "column.png": x[:, :1], "w.png": w, "w.tif": w, "f.tif": F,
                "be.tif": w, "tiles.tif": w}
    for name, pixels in expected.items():
        Image.fromarray(pixels).save(folder / name)
    (folder / "be.tif").write_bytes(big_endian_tiff(w))
    (folder / "tiles.tif").write_bytes(big_endian_tiff(w, 16))
    Image.fromarray(x).convert("P").save(folder / "palette.png")
    Image.fromarray(x > 90).save(folder / "bits.png")
    Image.fromarray(x).save(folder / "grey.jpg", quality=95)
    pages = [Image.fromarray(x + k) for k in range(3)]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    right(trireme, 2, "invert,invert", "in", "--out", "out", "--threads", 2, "--quality", 97)
    for name, pixels in expected.items():
        got = np.array(Image.open(tmp_path / "out" / name))
        assert got.dtype.kind == np.array(pixels).dtype.kind or name == "w.png", name
        near(got, np.array(pixels), 0 if name != "f.tif" else 1e-4)
    assert (np.array(Image.open(tmp_path / "out" / "palette.png"))[..., 0] == x).all()
    assert (np.array(Image.open(tmp_path / "out" / "bits.png")) == 255 * (x > 90)).all()
    near(np.array(Image.open(tmp_path / "out" / "grey.jpg")), np.array(Image.open(folder / "grey.jpg")), 6)
    for k in range(3):
        assert (np.array(Image.open(tmp_path / "out" / f"pages-{k + 1:05}.tif")) == x + k).all()
    right(trireme, 0, "none", "in/a.png", "in/w.png", "--out", "conv", "--format", "tif", "--type", "u2",
          "--tiff-compression", "deflate", "--verify")
    assert (np.array(Image.open(tmp_path / "conv" / "w.tif")) == w).all()


@pytest.mark.parametrize("cuts", [((0, 1, "plain"), (3, 2, "")),
                                  full(((0, 2, "avx2"), (1, 2, ""), (2, 1, ""), (5, 2, ""), (8, 1, "")))],
                         ids=str)
def test_cuts(trireme, tmp_path, cuts):
    """The same bits from files, rounds and bands, on any ranks and threads, and at each SIMD level."""
    (tmp_path / "in").mkdir()
    frames = [scene(70, 95, np.uint16, seed=k) for k in range(6)]
    for k, frame in enumerate(frames):
        Image.fromarray(frame).save(tmp_path / "in" / f"{k}.tif")
    chain_ = "median=2,gauss=1.3,sobel,resize=50:0:lanczos"
    seen, stacks = set(), set()
    for ranks, threads, level in cuts:
        env = {"TRIREME_SIMD": level} if level else {}
        for out, more in (("s.h5:/d", ()), ("b.h5:/d", ("--blocks", "--memory", "40k"))):
            right(trireme, ranks, chain_, "in", "--out", out, "--threads", threads, "--replace", *more,
                  env=env)
            with h5py.File(tmp_path / out.split(":")[0]) as f:
                assert f["d"].shape == (6, 50, 68) and f["d"].dtype == np.uint16
                assert list(f.attrs["names"]) == [f"in/{k}.tif" for k in range(6)]
                assert f["times"].shape == (6,)
                seen.add(f["d"][()].tobytes())
        right(trireme, ranks, "stack=median,box=1", "in", "--out", "m.tif", "--threads", threads,
              "--replace", "--memory", "80k", env=env)
        stacks.add((tmp_path / "m.tif").read_bytes())
    assert len(seen) == 1 and len(stacks) == 1
    right(trireme, cuts[0][0], chain_, "in", "--out", "files", "--threads", 2, "--verify")
    whole = np.frombuffer(seen.pop(), np.uint16).reshape(6, 50, 68)
    for k in range(6):
        assert (np.array(Image.open(tmp_path / "files" / f"{k}.tif")) == whole[k]).all()


def test_stack(trireme, tmp_path):
    """Statistics of a dataset of four dimensions, and pages of one TIFF file."""
    x = np.random.default_rng(1).integers(0, 60000, (5, 3, 21, 34), dtype=np.uint16)
    with h5py.File(tmp_path / "x.h5", "w") as f:
        f["x"] = x
        f["line"] = x[:, 0, :1, :]
        f["empty"] = x[:, 0, :0, :]
        f["real"] = x[0, 0].astype(np.float64) / 7
    for name in ("mean", "max", "min", "std", "median"):
        right(trireme, 3 if name == "median" else 0, f"stack={name}", "x.h5:/x", "--out", f"{name}.h5:/y",
              "--type", "f4", "--verify")
        with h5py.File(tmp_path / f"{name}.h5") as y:
            near(y["y"][()], getattr(np, name)(x.astype(float).reshape(15, 21, 34), axis=0), 1e-2)
    right(trireme, 2, "erode=1", "x.h5:/x", "--out", "pages.tif", "--threads", 2, "--verify")
    with Image.open(tmp_path / "pages.tif") as pages:
        assert pages.n_frames == 15
        pages.seek(14)
        assert (np.array(pages) == ndimage.grey_erosion(x[4, 2], size=3)).all()
    right(trireme, 0, "gauss=2", "x.h5:/line", "--out", "line.h5:/y", "--verify")
    right(trireme, 0, "gauss=2", "x.h5:/empty", "--out", "empty.h5:/y", "--verify")
    with h5py.File(tmp_path / "empty.h5") as f:
        assert f["y"].shape == (5, 0, 34)
    right(trireme, 0, "none", "x.h5:/real", "--out", "real.h5:/y", "--verify", "--blocks")
    with h5py.File(tmp_path / "real.h5") as f:
        near(f["y"][()], x[0, 0].astype(np.float32) / 7, 1e-2)


def test_broken(trireme, tmp_path):
    """A broken frame is named; the others are done with --keep-going; the journal goes on."""
    (tmp_path / "in").mkdir()
    x = scene(50, 60)
    for k in range(5):
        Image.fromarray(x).save(tmp_path / "in" / f"{k}.png")
    whole = (tmp_path / "in" / "3.png").read_bytes()
    (tmp_path / "in" / "3.png").write_bytes(whole[:len(whole) // 2])
    (tmp_path / "in" / "4.png").write_bytes(png(31623, 31623))
    r = image(trireme, 0, "invert", "in", "--out", "stop", "--quiet")
    assert r.status == 4 and ("in/3.png" in r.err or "in/4.png" in r.err)
    r = image(trireme, 2, "invert", "in", "--out", "out", "--keep-going", "--journal", "j", "--memory",
              "512Mi")
    assert r.status == 1 and "2 of 5 frames are broken" in r.err
    assert "'in/3.png' is damaged" in r.err and "in/4.png' has 31623 x 31623 pixels" in r.err
    assert sorted(os.listdir(tmp_path / "out")) == ["0.png", "1.png", "2.png"]
    (tmp_path / "in" / "3.png").write_bytes(whole)
    r = image(trireme, 0, "invert", "in", "--out", "out", "--keep-going", "--journal", "j", "--resume",
              "--json")
    assert r.status == 1 and "1 of 5" in r.err
    results = json.loads(r.out)["results"]
    assert results["done"]["value"] == 1 and results["resumed"]["value"] == 3
    r = image(trireme, 0, "invert", "in", "--out", "s.h5:/x", "--quiet")
    assert r.status == 4 and "in/4.png" in r.err and not (tmp_path / "s.h5").exists()
    r = image(trireme, 2, "invert", "in", "--out", "s.h5:/x", "--quiet", "--keep-going")
    assert r.status == 1 and "in/4.png" in r.err
    with h5py.File(tmp_path / "s.h5") as f:
        assert (f["x"][3] == 255 - x).all() and (f["x"][4] == 0).all()


@pytest.mark.full
def test_killed(trireme, tmp_path):
    """After SIGKILL of all processes a resumed run does what is left, and nothing half is left behind."""
    (tmp_path / "in").mkdir()
    x = scene(40, 50)
    Image.fromarray(x).save(tmp_path / "in" / "0.png")
    for k in range(1, 400):
        (tmp_path / "in" / f"{k}.png").write_bytes((tmp_path / "in" / "0.png").read_bytes())
    command = ["image", "invert", "in", "--out", "out", "--journal", "j", "--results", "none"]
    run = subprocess.Popen([str(SOURCE / "jobs" / "run.sh"), LAUNCHER, "2", str(BUILD / "apps" / command[0]),
                            *command[1:]], cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    while run.poll() is None and not (out := tmp_path / "out").exists() or len(os.listdir(out)) < 40:
        time.sleep(0.01)
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(tmp_path):
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            pass
    run.wait()
    r = trireme(2, *command, "--resume", "--json")
    results = r.json["results"]
    assert results["done"]["value"] + results["resumed"]["value"] == 400 and results["resumed"]["value"] >= 30
    done = sorted(name for name in os.listdir(tmp_path / "out") if name.endswith(".png"))
    assert len(done) == 400
    assert all((np.array(Image.open(tmp_path / "out" / name)) == 255 - x).all() for name in done[::7])


@pytest.mark.parametrize("arguments, status, text", [
    (("nothing", "in", "--out", "o"), 2, "no filter 'nothing'"),
    full(("gauss", "in", "--out", "o"), 2, "gauss has at least 1"),
    (("gauss=x", "in", "--out", "o"), 2, "'x' is no value"),
    full(("gauss=-1", "in", "--out", "o"), 2, "outside"),
    full(("median=1.5", "in", "--out", "o"), 2, "no whole number"),
    full(("invert=1", "in", "--out", "o"), 2, "at most 0"),
    full(("levels=3:3", "in", "--out", "o"), 2, "equal"),
    full(("rotate=45", "in", "--out", "o"), 2, "90, 180 or 270"),
    full(("stack=mean,stack=max", "in", "--out", "o"), 2, "once"),
    full(("field", "in", "--out", "o"), 2, "--flat"),
    full(("invert", "in"), 2, "--out is missing"),
    full(("invert", "--out", "o"), 2, "no INPUT"),
    full(("invert", "gone", "--out", "o"), 4, "gone"),
    (("invert", "gone*.png", "--out", "o"), 4, "no file"),
    full(("invert", "in", "--out", "o", "--type", "f4"), 2, "PNG has no floats"),
    (("crop=0:0:99:99", "in", "--out", "o"), 4, "beyond"),
    (("invert", "in", "in", "--out", "o"), 2, "two inputs"),
    (("threshold=otsu", "in", "--out", "o.h5", "--blocks"), 2, "omit --blocks"),
    full(("invert", "in", "--out", "o", "--format", "gif"), 2, "--format"),
    full(("invert", "in", "--out", "o", "--table", "t"), 2, "--table"),
], ids=str)
def test_bad(trireme, tmp_path, arguments, status, text):
    (tmp_path / "in").mkdir()
    Image.fromarray(scene(20, 30)).save(tmp_path / "in" / "a.png")
    r = image(trireme, 0, *arguments, "--quiet")
    assert r.status == status and text in r.err, (r.status, r.err)


def test_list(trireme):
    r = trireme(0, "image", "--filters")
    assert r.status == 0 and "median=RADIUS" in r.out and "needs: RADIUS" in r.out
