#!/usr/bin/env python3
"""copies.py APPS [SIZE [ROUNDS [RATE]]]: a file to three nodes by apps/bcast, by sbcast, and to each node in
turn over a connection of TCP (what scp does, without its ciphers), each in turn, again and again, in a
cluster of namespaces.

SIZE in bytes [16 MiB], RATE of every cable, 1gbit [none: the speed of this machine's memory]. Prints medians,
how many times as long as bcast the others take, and the most memory that a rank of bcast had. Exit status: 1
where a copy is wrong or a rank had 256 MiB or more, 77 where no cluster can be raised.
"""
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
NODES, PORT, DEST, MOST_MIB = ("n1", "n2", "n3"), 4711, "/dev/shm/copy", 256
ME = [sys.executable, os.path.abspath(__file__)]


def receive(path):
    """On a node: writes the bytes of one connection to a file."""
    with socket.create_server(("", PORT)) as server:
        connection, _ = server.accept()
        with connection, open(path, "wb") as file:
            while piece := connection.recv(1 << 20):
                file.write(piece)


def peak(command):
    """Runs a command and prints its peak memory."""
    status = subprocess.run(command).returncode
    os.write(1, f"peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\n".encode())
    return status


def to_each(source):
    for node in NODES:
        receiver = subprocess.Popen(["srun", "--overlap", "--nodes=1", "--ntasks=1", "-w", node, *ME,
                                     "receive", DEST])
        while True:
            try:
                connection = socket.create_connection((node, PORT))
                break
            except ConnectionRefusedError:
                time.sleep(0.005)
        with connection, open(source, "rb") as file:
            connection.sendfile(file)
        assert receiver.wait() == 0


def on_all(*words):
    return subprocess.run(["srun", "--overlap", "--ntasks-per-node=1", *words], check=True,
                          capture_output=True, text=True).stdout


def rounds(apps, source, count):
    """The job."""
    peaks = []

    def bcast():
        done = subprocess.run(["mpirun", "-npernode", "1", *ME, "peak", f"{apps}/bcast", source, DEST,
                               "--results", "none", "--quiet"], check=True, capture_output=True, text=True)
        peaks.extend(int(line.split()[1]) / 1024 for line in done.stdout.splitlines()
                     if line.startswith("peak"))

    ways = {"bcast": bcast,
            "sbcast": lambda: subprocess.run(["sbcast", source, DEST], check=True),
            "to each in turn": lambda: to_each(source)}
    seconds, whole = {way: [] for way in ways}, on_all("cksum", source).split()[0]
    for number in range(-1, count):
        for way, copy in ways.items():
            start = time.time()
            copy()
            if number >= 0:
                seconds[way].append(time.time() - start)
            else:
                assert [line.split()[0] for line in on_all("cksum",
                                                           DEST).splitlines()] == [whole] * len(NODES), way
            on_all("rm", DEST)
    base = statistics.median(seconds["bcast"])
    for way, times in seconds.items():
        middle = statistics.median(times)
        print(f"{way:16} {middle:8.3f} s  [{min(times):.3f}, {max(times):.3f}]  {middle / base:6.2f} x")
    print(f"peak memory of a rank of bcast: {max(peaks):.0f} MiB")
    return 0 if max(peaks) < MOST_MIB else 1


def main(apps, size=16 << 20, count=3, rate="none"):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)

        def cluster(*words, check=True):
            return subprocess.run([f"{ROOT}/jobs/cluster.sh", "-C", f"{folder}/c", *map(str, words)],
                                  check=check,
                                  stdin=subprocess.DEVNULL,
                                  env={**os.environ, "TRIREME_ROOT": ROOT}).returncode

        try:
            if cluster("up", len(NODES), "--while", os.getpid(), check=False):
                return 77
            os.chdir(f"{folder}/c/home")
            for node in NODES:
                cluster("run", "--root", "--on", node, "mount", "-o", f"remount,size={size + (64 << 20)}",
                        "/dev/shm")
                cluster("rate", node, rate)
            with open("source", "wb") as file:
                for _ in range(0, size, 1 << 20):
                    file.write(os.urandom(min(size, 1 << 20)))
            os.chmod("source", 0o644)
            # The nodes of this cluster share their cores: ranks that are bound, or keep a core while they
            # wait, hinder others.
            shared = "export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1"
            words = [*ME, "rounds", apps, os.path.abspath("source"), count]
            status = cluster("sbatch", "--wait", "--quiet", f"--nodes={len(NODES)}", "--ntasks-per-node=1",
                             "--output=out",
                             "--wrap", f"{shared}; . {ROOT}/jobs/env.sh; exec {' '.join(map(str, words))}",
                             check=False)
            print(f"{size >> 20} MiB to {len(NODES)} nodes, cables: {rate}; median of {count}, [least, most]")
            print(open("out").read())
            return status
        finally:
            os.chdir("/")
            cluster("down")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[:1] == ["receive"]:
        sys.exit(receive(arguments[1]))
    if arguments[:1] == ["peak"]:
        sys.exit(peak(arguments[1:]))
    if arguments[:1] == ["rounds"]:
        sys.exit(rounds(arguments[1], arguments[2], int(arguments[3])))
    if not 1 <= len(arguments) <= 4:
        print(__doc__)
        sys.exit(2)
    sys.exit(main(arguments[0], *map(int, arguments[1:3]), *arguments[3:]))
