"""apps/bcast on one machine: copies compared file by file, datasets, and every kind of bad input."""
import os
import random
import stat
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
    r = trireme(ranks, "bcast", "src", "dst", "--piece", "64Ki", "--threads", 2, "--verify", "--preserve",
                "mode,times", "--json").json["results"]
    assert listing(tmp_path / "src") == listing(tmp_path / "dst")
    assert os.stat(tmp_path / "dst/sparse").st_blocks <= 2 * os.stat(tmp_path / "src/sparse").st_blocks
    assert [r[k]["value"] for k in ("nodes", "files", "folders", "links")] == [1, 304, 4, 2]
    assert not list(tmp_path.glob("*.part"))


def test_files(trireme, tmp_path):
    data = random.Random(9).randbytes(1 << 20)
    (tmp_path / "into").mkdir()
    for size, dest in ((0, "b0"), (1, "b1"), (65536, "into/"), (1 << 20, "b")):
        path = "into/a" if dest == "into/" else dest
        (tmp_path / "a").write_bytes(data[:size])
        os.utime(tmp_path / "a", ns=(10**18, 10**18 + size))
        r = trireme(2, "bcast", "a", dest, "--piece", "64Ki", "--replace", "--repeat", 2, "--preserve",
                    "times")
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
    (("src/a", "pipe"), 4, "'pipe' is a named pipe, which is never replaced"),
    (("src/a", "pipe", "--replace"), 4, "'pipe' is a named pipe, which is never replaced"),
    (("src/a", "to pipe", "--replace"), 4, "'to pipe' is a named pipe, which is never replaced"),
    (("src", "new", "--preserve", "mode,all"), 2, "--preserve: 'all' is not mode"),
    (("src/a", "none/new"), 4, "no such folder"),
    (("src/a", "old/new"), 4, "cannot make 'old/new'"),
    (("src/a", "/proc/new"), 4, "cannot make '/proc/new'"),
    (("none.h5:/x",), 4, "none.h5"),
    (("src/a",), 4, "src/a"),
]


@pytest.mark.parametrize("ranks,arguments,status,text", on_ranks(BAD, 3))
def test_bad_input(trireme, tmp_path, ranks, arguments, status, text):
    (tmp_path / "src").mkdir()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "src/pipe")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to pipe").symlink_to("pipe")
    for name in ("src/a", "old"):
        (tmp_path / name).write_text(name)
    before = set(tmp_path.rglob("*"))
    r = trireme(ranks, "bcast", *arguments)
    assert r.status == status, r.err
    lines = r.err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("bcast: [rank ") and text in lines[0], r.err
    assert r.out == "" and set(tmp_path.rglob("*")) - before <= {tmp_path / "results"}
    assert (tmp_path / "old").read_text() == "old" and (tmp_path / "pipe").is_fifo()


def kept(top):
    """Permissions, owner and other names of every entry."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in [".", *folders, *files]:
            s = os.lstat(os.path.join(folder, name))
            found[os.path.relpath(os.path.join(folder, name), top)] = (
                oct(s.st_mode), s.st_uid, s.st_gid, s.st_nlink if not stat.S_ISDIR(s.st_mode) else 0)
    return found


def test_preserve(trireme, tmp_path):
    """Without --preserve a copy is as cp makes it; setuid never comes with a changed owner."""
    source = tmp_path / "src"
    (source / "sticky").mkdir(parents=True)
    (source / "closed").mkdir()
    for i, mode in enumerate((0o6755, 0o4711, 0o2710, 0o666, 0o400, 0o1777)):
        (source / f"file{i}").write_text(str(i))
        if not os.getuid():
            os.chown(source / f"file{i}", 1234, 2345)
        os.chmod(source / f"file{i}", mode)
    os.link(source / "file3", source / "sticky/again")
    (source / "link").symlink_to("file3")
    os.chmod(source / "sticky", 0o1777)
    os.chmod(source / "closed", 0o2700)
    subprocess.run(["cp", "-r", source, tmp_path / "cp"], check=True)
    (tmp_path / "setgid").mkdir()
    os.chmod(tmp_path / "setgid", 0o2755)
    subprocess.run(["cp", "-r", source, tmp_path / "setgid/cp"], check=True)
    for dest in ("plain", "setgid/plain"):
        assert trireme(0, "bcast", "src", dest).status == 0
    assert kept(tmp_path / "plain") == kept(tmp_path / "cp")
    assert kept(tmp_path / "setgid/plain") == kept(tmp_path / "setgid/cp")
    if os.getuid():
        pytest.skip("only root can give files to others")
    assert trireme(0, "bcast", "src", "mode", "--preserve", "mode").status == 0
    for name, (mode, uid, gid, _) in kept(tmp_path / "mode").items():
        was = os.lstat(source / name)
        lost = 0o6000 if name.startswith("file") else 0
        assert (int(mode, 8), uid, gid) == (was.st_mode & ~lost, 0, 0), name
    r = trireme(2, "bcast", "src", "all", "--preserve", "mode,owner,links,times", "--verify")
    assert r.status == 0, r.err
    assert kept(tmp_path / "all") == kept(source) and listing(tmp_path / "all") == listing(source)


def test_link_at_the_temporary_name(trireme, tmp_path):
    """What others put beside the copy is neither followed nor removed."""
    (tmp_path / "a").write_text("new")
    (tmp_path / "victim").write_text("victim")
    (tmp_path / "b.part").symlink_to("victim")
    assert trireme(2, "bcast", "a", "b", "--replace").status == 0
    assert (tmp_path / "b").read_text() == "new" and (tmp_path / "victim").read_text() == "victim"
    assert (tmp_path / "b.part").is_symlink()


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
