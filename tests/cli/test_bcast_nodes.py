"""apps/bcast on three hosts with disks of their own (jobs/cluster.sh up --plain): copies, and one host that
cannot take one."""
import os
import subprocess

import pytest

from conftest import BUILD, LAUNCHER, SOURCE

NODES = ("n1", "n2", "n3")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    script = [str(SOURCE / "jobs/cluster.sh"), "-C", str(folder / "hosts")]

    def call(*arguments):
        return subprocess.run([*script, *map(str, arguments)], cwd=folder, capture_output=True, text=True,
                              timeout=1000,
                              stdin=subprocess.DEVNULL, env={**os.environ, "HWLOC_COMPONENTS": "-opencl"})

    up = call("up", "--plain", 3)
    if up.returncode == 77:
        pytest.skip(up.stderr)
    assert up.returncode == 0, up.stderr
    call.folder = folder
    yield call
    call("down")


def test_nodes(cluster):
    source = cluster.folder / "src"
    (source / "sub").mkdir(parents=True)
    (source / "large").write_bytes(os.urandom(3000001))
    (source / "sub/small").write_text("small")

    def bcast(dest):
        return cluster("run", SOURCE / "jobs/launch.sh", LAUNCHER, "-n", 6, BUILD / "apps/bcast", source,
                       dest, "--verify", "--results", "none")

    def lines_of(node, *command):
        done = cluster("run", "--on", node, *command)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    for node in NODES:
        lines_of(node, "mkdir", "/dev/shm/d")
    done = bcast("/dev/shm/d/")
    assert done.returncode == 0, done.stderr
    for node in NODES:
        assert not lines_of(node, "diff", "-r", source, "/dev/shm/d/src")
    # The disk of one host is full, then read-only, then has what is asked for already: it is named, and
    # nobody keeps a copy.
    for prepare, text in ((("mount", "-t", "tmpfs", "-o", "size=1m", "none", "/dev/shm/d"),
                           "the disk is full"),
                          (("mount", "-o", "remount,ro", "/dev/shm/d"), "the file system is read-only"),
                          (("umount", "/dev/shm/d"), "the folder '/dev/shm/d/src' exists")):
        lines_of("n2", *prepare)
        if prepare[0] == "umount":
            for node in ("n1", "n3"):
                lines_of(node, "rm", "-r", "/dev/shm/d/src")
        done = bcast("/dev/shm/d/" if prepare[0] == "umount" else "/dev/shm/d/new")
        lines = [line for line in done.stderr.splitlines() if line.startswith("bcast: ")]
        assert done.returncode == 4 and len(lines) == 1, done.stderr
        assert " on n2] " in lines[0] and text in lines[0], done.stderr
        kept = {node: lines_of(node, "ls", "-A", "/dev/shm/d") for node in NODES}
        there = prepare[0] == "umount"
        assert kept == {"n1": [] if there else ["src"], "n2": ["src"] if there else [], "n3": [] if there
                        else ["src"]}
