"""The rule for outputs of all programs: nothing is replaced without --replace, regular files only with it; no
name means something to a shell; links at temporary names, signals and full disks."""
import os
import signal
import stat
import subprocess
import time

import h5py
import numpy as np
import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full, without_compiling

HEAT = ("heat", "--points", "8x8", "--steps", 2, "--results", "none")
SUM = ("bench", "sum", "--bytes", "8Ki", "--trials", 1, "--results", "none")
P2P = ("p2p", "--sizes", "8", "--samples", 1, "--duration", 0, "--slow", 1e9, "--results", "none")
NETWORK = ("bench", "network", "--seconds", 0.1)
ALLTOALL = ("alltoall", "a.h5:/x", "--results", "none")


@pytest.fixture
def inputs(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f["x"] = np.arange(200 * 300.0).reshape(200, 300)
    (tmp_path / "victim").write_text("victim")


def line_of(r, status, text):
    assert r.status == status and len(r.err.splitlines()) == 1 and text in r.err, (r.status, r.err)


def whole_picture(path):
    return path.read_text().rstrip().endswith("</svg>")


@pytest.mark.parametrize("ranks,command,option,picture", (
    (0, SUM, "--plot", ""), full(2, P2P, "--plot", ""),
    (0, (*HEAT, "--plot", "svg"), "--out", "-00000002.svg")))
def test_no_name_is_a_command(trireme, tmp_path, ranks, command, option, picture):
    for name in ("|touch PWNED;.svg", "`touch PWNED`\"'.svg", "$(touch PWNED).svg"):
        r = trireme(ranks, *command, option, name)
        assert r.status == 0, r.err
        assert whole_picture(tmp_path / (name + picture))
    assert not list(tmp_path.glob("PWNED*"))


# what an earlier run has written, and the run that would replace it
@pytest.mark.parametrize("ranks,command,names", (
    (0, (*SUM, "--plot", "s.svg"), ("s.svg",)),
    full(2, (*P2P, "--plot", "s.svg"), ("s.svg",)),
    (0, (*NETWORK, "--out", "numbers"), ("numbers",)),
    (0, (*HEAT, "--out", "f", "--out-every", 1, "--plot", "svg"),
     ("f.xmf", "f-00000001.h5", "f-00000002.svg")),
    (0, (*ALLTOALL, "--out", "b.h5:/x"), ("b.h5",)),
    full(0, ("scatter", "a.h5:/x", "--out", "p%r.h5", "--results", "none"), ("p0.h5",)),
    full(0, ("bcast", "a.h5", "b.h5", "--results", "none"), ("b.h5",))),
    ids=("sum", "p2p", "network", "heat", "alltoall", "scatter", "bcast"))
def test_refused_and_special(trireme, tmp_path, inputs, ranks, command, names):
    first = names[0]
    for name in names:
        (tmp_path / name).write_text("old")
        line_of(trireme(ranks, *command), 4, f"'{name}' exists: remove it, use --replace")
        assert (tmp_path / name).read_text() == "old"
        os.unlink(tmp_path / name)
    os.mkfifo(tmp_path / first)
    line_of(trireme(ranks, *command, "--replace"), 4, f"'{first}' is a named pipe")
    assert (tmp_path / first).is_fifo()
    os.unlink(tmp_path / first)
    (tmp_path / first).symlink_to("/dev/null")
    line_of(trireme(ranks, *command, "--replace"), 4, f"'{first}' is a device")
    assert (tmp_path / first).is_symlink() and stat.S_ISCHR(os.stat("/dev/null").st_mode)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a.h5", "victim", first}, left


def test_device_node(trireme, tmp_path, inputs):
    try:
        os.mknod(tmp_path / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    for more in ((), ("--replace",)):
        line_of(trireme(0, *ALLTOALL, "--out", "null:/x", *more), 4,
                "'null' is a device, which is never replaced")
    assert stat.S_ISCHR(os.stat(tmp_path / "null").st_mode)
    for name in ("c", "c.prev"):
        os.mkfifo(tmp_path / name)
        r = trireme(0, *HEAT, "--checkpoint", "c", "--checkpoint-every", 1, "--resume")
        line_of(r, 4, f"'{name}' is a named pipe")
        os.unlink(tmp_path / name)


@pytest.mark.parametrize("command,old,new", (
    ((*HEAT, "--out", "g", "--plot", "svg"), ("g.xmf.part", "g-00000002.h5.part", "g-00000002.svg.part"),
     "g.xmf"),
    full((*SUM, "--plot", "q.svg"), ("q.svg.part",), "q.svg"),
    full((*ALLTOALL, "--out", "b.h5"), ("b.h5.part",), "b.h5"),
    ((*HEAT, "--checkpoint", "c", "--checkpoint-every", 1), ("c.part",), "c")),
    ids=("heat", "sum", "alltoall", "checkpoint"))
def test_links_at_temporary_names(trireme, tmp_path, inputs, command, old, new):
    for name in old:
        (tmp_path / name).symlink_to("victim")
    r = trireme(0, *command, "--replace")
    assert r.status == 0, r.err
    assert (tmp_path / new).stat().st_size and (tmp_path / "victim").read_text() == "victim"
    assert all((tmp_path / name).is_symlink() for name in old)
    assert {path.name for path in tmp_path.glob("*.part")} == set(old)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / new).stat().st_mode) == 0o666 & ~mask


def test_a_signal_removes_what_is_unfinished(tmp_path):
    for number in (signal.SIGTERM, signal.SIGHUP):
        job = subprocess.Popen([BUILD / "apps/heat", "--points", "8x8", "--steps", "1G", "--results", "r"],
                               cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        while not list(tmp_path.glob("r/*.part")):
            assert job.poll() is None
            time.sleep(0.01)
        job.send_signal(number)
        assert job.wait() == -number and not list((tmp_path / "r").iterdir())


def test_resume_replaces_its_own_fields(trireme, tmp_path):
    """A requeued job passes --resume only; what its first part has written it may write again."""
    command = ("heat", "--points", "8x8", "--results", "none", "--out", "f", "--out-every", 2, "--checkpoint",
               "c", "--checkpoint-every", 3)
    assert trireme(0, *command, "--steps", 6).status == 0
    line_of(trireme(0, *command, "--steps", 8), 4, "'c' exists: use --resume")
    r = trireme(0, *command, "--steps", 8, "--resume")
    assert r.status == 0 and (tmp_path / "f-00000008.h5").exists(), r.err
    for name in ("c", "c.prev"):
        (tmp_path / name).unlink(missing_ok=True)
    # Nothing to resume from: the fields are those of another run.
    line_of(trireme(0, *command, "--steps", 8, "--resume"), 4, "'f.xmf' exists")


# ---- full disks ----

def on_small_disk(tmp_path, size, ranks, *command, to_disk=False):
    """Runs on a disk of its own, `small`; the error output may go there, too. Returns status, error output,
    and what is left on the disk."""
    (tmp_path / "small").mkdir(exist_ok=True)
    words = ["unshare", "--mount", "--map-root-user", "sh", "-c",
             f'mount -t tmpfs -o size={size} none small || exit 77; "$@" {"2>small/err" if to_disk else ""}; '
             's=$?; [ ! -e small/err ] || cat small/err >&2; rm -f small/err; ls -A small; exit $s', "sh"]
    if ranks:
        words += [SOURCE / "jobs/run.sh", LAUNCHER, ranks]
    words += [BUILD / "apps" / command[0], *command[1:], "--quiet"]
    done = subprocess.run([*map(str, words)],
                          cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no user namespaces here")
    return done.returncode, without_compiling(done.stderr).splitlines(), done.stdout.split()


# Each died in MPI_Finalize, hung, lost its line, or left files behind.
@pytest.mark.parametrize("size,ranks,command,to_disk", (
    ("4k", 0, (*ALLTOALL, "--out", "small/b.h5", "--chunk", "16,16"), False),
    full("16k", 0, (*ALLTOALL, "--out", "small/b.h5", "--chunk", "16,16"), False),
    ("400k", 3, (*ALLTOALL, "--out", "small/b.h5", "--chunk", "16,16"), False),
    ("4k", 0, (*ALLTOALL, "--out", "small/b.h5"), True),
    full("8k", 0, (*HEAT, "--out", "small/f"), False),
    ("5m", 3, ("bench", "store", "--folder", "small", "--bytes", "1Mi", "--trials", 1, "--results", "none"),
     False)), ids=("4k", "16k", "hang", "line", "heat", "store"))
def test_full_disk(tmp_path, inputs, size, ranks, command, to_disk):
    status, lines, left = on_small_disk(tmp_path, size, ranks, *command, to_disk=to_disk)
    assert status == 4 and len(lines) == 1 and "the disk is full" in lines[0], (status, lines)
    assert not left


@pytest.mark.full
def test_a_reservation_leaves_room_for_the_line(trireme, tmp_path):
    """ext4 reserves what it has before it says that there is no more."""
    (tmp_path / "small").mkdir()
    with h5py.File(tmp_path / "wide.h5", "w") as f:
        f.create_dataset("x", shape=(3, 1 << 40), dtype="i1", chunks=(1, 1 << 16))
    words = ("unshare", "--mount", "sh", "-c",
             "truncate -s 16M image && mkfs.ext4 -q image && mount -o loop image small || exit 77; "
             '"$@" 2>small/err; s=$?; cat small/err >&2; rm small/err; ls small; exit $s', "sh")
    r = trireme(0, "alltoall", "wide.h5:/x", "--out", "small/b.h5", "--memory", "1Ki", wrap=words)
    if r.status in (1, 77) or "unshare" in r.err:
        pytest.skip("no loop devices here")
    line_of(r, 4, "the disk is full")
    assert r.out.split() == ["lost+found"]
