"""apps/bcast on one machine: copies compared file by file, datasets, and every kind of bad input."""
import os
import random
import subprocess

import h5py
import numpy as np
import pytest

from conftest import full, on_ranks


def make_tree(top):
    rng = random.Random(8)
    for folder in ("sub/deep", "empty"):
        (top / folder).mkdir(parents=True)
    (top / "large").write_bytes(rng.randbytes(3000001))
    (top / "nothing").write_bytes(b"")
    for i in range(300):
        (top / f"sub/file {i}").write_bytes(rng.randbytes(rng.randrange(200)))
    (top / "sub/link").symlink_to("../large")
    (top / "to nowhere").symlink_to("none")
    with open(top / "sparse", "wb") as f:
        f.truncate(50 << 20)
        f.seek(20 << 20)
        f.write(b"x" * 5000)
    with open(top / "hole", "wb") as f:
        f.truncate(10 << 20)
    os.chmod(top / "sub/file 3", 0o640)
    os.chmod(top / "large", 0o755)
    os.chmod(top / "sub/deep", 0o555)
    for name, when in (("sub/file 1", 981173106_789000000), ("empty", 10**18), ("sub", 10**18 + 5),
                       (".", 10**17)):
        os.utime(top / name, ns=(when, when))


def listing(top):
    """Everything that a copy keeps."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in [".", *folders, *files]:
            path = os.path.join(folder, name)
            s = os.lstat(path)
            link = os.readlink(path) if os.path.islink(path) else None
            data = open(path, "rb").read() if not link and os.path.isfile(path) else None
            size = s.st_size if data is not None else None
            found[os.path.relpath(path, top)] = (s.st_mode, s.st_mtime_ns if not link else 0, link, size,
                                                 data)
    return found


@pytest.mark.parametrize("ranks", (2, *map(full, (1, 5))))
def test_tree(trireme, tmp_path, ranks):
    make_tree(tmp_path / "src")
    r = trireme(ranks, "bcast", "src", "dst", "--piece", "64Ki", "--threads", 2, "--verify",
                "--json").json["results"]
    assert listing(tmp_path / "src") == listing(tmp_path / "dst")
    assert os.stat(tmp_path / "dst/sparse").st_blocks <= 2 * os.stat(tmp_path / "src/sparse").st_blocks
    assert [r[k]["value"] for k in ("nodes", "files", "folders", "links")] == [1, 304, 4, 2]
    assert not (tmp_path / "dst.part").exists()


def test_files(trireme, tmp_path):
    data = random.Random(9).randbytes(1 << 20)
    (tmp_path / "into").mkdir()
    for size, dest in ((0, "b0"), (1, "b1"), (65536, "into/"), (1 << 20, "b")):
        path = "into/a" if dest == "into/" else dest
        (tmp_path / "a").write_bytes(data[:size])
        os.utime(tmp_path / "a", ns=(10**18, 10**18 + size))
        r = trireme(2, "bcast", "a", dest, "--piece", "64Ki", "--replace", "--repeat", 2)
        assert r.status == 0, r.err
        assert (tmp_path / path).read_bytes() == data[:size]
        assert os.stat(tmp_path / path).st_mtime_ns == 10**18 + size
    # A link at the top is followed; a copy replaces a link, not what it points to.
    (tmp_path / "link").symlink_to("a")
    assert trireme(1, "bcast", "link", "link2").status == 0
    assert not (tmp_path / "link2").is_symlink() and (tmp_path / "link2").read_bytes() == data
    assert trireme(1, "bcast", "b1", "link", "--replace").status == 0
    assert (tmp_path / "link").read_bytes() == data[:1] and (tmp_path / "a").read_bytes() == data


def test_dataset(trireme, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["x"] = np.arange(30000.0).reshape(1000, 30)
        f["none"] = np.zeros((0, 3))
        f["records"] = np.zeros(10, dtype=[("a", "i2"), ("b", "S3")])
    for name, size in (("x", 240000), ("none", 0), ("records", 50)):
        r = trireme(3, "bcast", f"a.h5:/{name}", "--piece", "4Ki", "--verify", "--json").json
        assert r["results"]["bytes"]["value"] == size
    with h5py.File(tmp_path / r["record"]) as f:
        assert f["timing/communicate"].shape == (3, 1)


BAD = [
    ((), 2, "SRC is missing"),
    (("src", "new", "more"), 2, "unexpected argument"),
    (("src", ""), 2, "DEST is empty"),
    (("src", "new", "--piece", "4000"), 2, "--piece: at least 4Ki"),
    (("src", "new", "--device", "auto"), 2, "does not use a device"),
    (("none", "new"), 4, "cannot read 'none': no such file"),
    (("", "new"), 4, "not a valid name"),
    (("src/pipe", "new"), 4, "cannot copy 'src/pipe'"),
    (("src", "new"), 4, "cannot copy 'src/pipe'"),
    (("src/a", "old"), 4, "'old' exists"),
    (("src/a", "folder", "--replace"), 4, "the folder 'folder' exists"),
    (("src/a", "died"), 4, "'died.part' exists"),
    (("src/a", "none/new"), 4, "no such folder"),
    (("src/a", "old/new"), 4, "cannot make 'old/new.part'"),
    (("src/a", "/proc/new"), 4, "cannot make '/proc/new.part'"),
    (("none.h5:/x",), 4, "none.h5"),
    (("src/a",), 4, "src/a"),
]


@pytest.mark.parametrize("ranks,arguments,status,text", on_ranks(BAD, 3))
def test_bad_input(trireme, tmp_path, ranks, arguments, status, text):
    (tmp_path / "src").mkdir()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "src/pipe")
    for name in ("src/a", "old", "died.part"):
        (tmp_path / name).write_text(name)
    before = set(tmp_path.rglob("*"))
    r = trireme(ranks, "bcast", *arguments)
    assert r.status == status, r.err
    lines = r.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("bcast: [rank ") and text in lines[0], r.err
    assert r.out == "" and set(tmp_path.rglob("*")) - before <= {tmp_path / "results"}
    assert (tmp_path / "old").read_text() == "old" and (tmp_path / "died.part").read_text() == "died.part"


def test_replace_what_died(trireme, tmp_path):
    make_tree(tmp_path / "src")
    (tmp_path / "dst.part/sub").mkdir(parents=True)
    (tmp_path / "dst.part/sub/old").write_text("old")
    assert trireme(2, "bcast", "src", "dst", "--replace").status == 0
    assert listing(tmp_path / "src") == listing(tmp_path / "dst")


def test_unreadable_and_changing(trireme, tmp_path):
    make_tree(tmp_path / "src")
    os.chmod(tmp_path / "src/large", 0)
    if os.getuid():
        r = trireme(2, "bcast", "src", "dst")
        assert r.status == 4 and "src/large" in r.err, r.err
    # A disk that says it has room and has none for the last file's data.
    (tmp_path / "full").mkdir()
    wrap = ("unshare", "--mount", "--map-root-user", "sh", "-c",
            'mount -t tmpfs -o size=SIZE none full; "$@"; s=$?; ls -A full | sed "s/^/left: /" >&2; exit $s',
            "sh")
    if trireme(0, "bcast", "--version", wrap=("unshare", "--mount", "--map-root-user")).status:
        pytest.skip("no user namespaces here")
    for size in ("1m", "4m"):
        # Files of less than a block each, so that blocks run out before bytes do.
        if size == "4m":
            for i in range(900):
                (tmp_path / f"src/small{i}").write_bytes(b"x")
        r = trireme(0, "bcast", "src", "full/dst", wrap=[w.replace("SIZE", size) for w in wrap])
        assert r.status == 4 and "the disk is full" in r.err and len(r.err.strip().splitlines()) == 1, r.err


def test_help(trireme):
    for option in ("--help", "--man", "--completion"):
        r = trireme(0, "bcast", option)
        assert r.status == 0 and "piece" in r.out and not r.err


@pytest.mark.full
def test_memory(trireme, tmp_path):
    """A file larger than the memory that the program gets: 2 x 4 MiB for 300 MiB."""
    with open(tmp_path / "a", "wb") as f:
        for i in range(300):
            f.write(bytes([i % 256]) * (1 << 20))
    watch = ("/usr/bin/python3", "-c",
             "import resource, subprocess, sys; s = subprocess.run(sys.argv[1:]).returncode; "
             "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, "
             "file=sys.stderr); sys.exit(s)")
    r = trireme(2, "bcast", "a", "c", "--quiet", wrap=watch)
    assert r.status == 0, r.err
    assert max(int(line.split()[1]) for line in r.err.splitlines()
               if line.startswith("peak")) < 256 << 10, r.err
    assert subprocess.run(["cmp", tmp_path / "a", tmp_path / "c"]).returncode == 0
