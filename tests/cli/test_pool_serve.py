"""pool serve: commands from outside by JSON lines; bad keys, replays, hostile and slow clients."""
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile

import pytest

from conftest import BUILD, SOURCE

POOL = str(BUILD / "apps" / "pool")


class Server:
    def __init__(self, folder, listen, *arguments):
        self.folder, self.listen = folder, listen
        self.process = subprocess.Popen([POOL, "serve", "--listen", listen, *arguments], cwd=folder,
                                        stderr=subprocess.PIPE, text=True)
        self.line = self.process.stderr.readline()

    def client(self, *arguments):
        return subprocess.run([POOL, *map(str, arguments), "--listen", self.listen], cwd=self.folder,
                              capture_output=True, text=True)

    def connect(self):
        if self.listen.startswith("unix:"):
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(self.folder / self.listen[5:]))
        else:
            _, host, port = self.listen.split(":")
            s = socket.create_connection((host, int(port)))
        return s, s.makefile("rw", encoding="latin-1")


def ask(stream, **request):
    stream.write(json.dumps(request) + "\n")
    stream.flush()
    return json.loads(stream.readline())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def serve(tmp_path):
    servers = []

    def make(listen="unix:s", *arguments):
        servers.append(Server(tmp_path, listen, "--slots", "2", *arguments))
        assert servers[-1].line.startswith("pool: listens"), servers[-1].line
        return servers[-1]

    yield make
    for server in servers:
        server.process.kill()
        server.process.communicate()


def test_commands(serve):
    server = serve()
    assert server.client("submit", "echo one; printf '\\377'").stdout == "1\n"
    assert server.client("submit", "exit 3", "--retry", 1).stdout == "2\n"
    assert server.client("wait", 1).returncode == 0
    r = server.client("wait", 2)
    assert r.returncode == 1 and "exit status 3" in r.stderr and json.loads(r.stdout)["attempts"] == 2
    done = subprocess.run([POOL, "output", "1", "--listen", "unix:s"], cwd=server.folder, capture_output=True)
    assert done.stdout == b"one\n\xff"
    assert server.client("submit", "sleep 1000").stdout == "3\n"
    assert server.client("cancel", 3).returncode == 0
    assert json.loads(server.client("wait", 3).stdout)["state"] == "cancelled"
    counts = json.loads(server.client("status").stdout)
    assert (counts["done"], counts["failed"], counts["cancelled"]) == (1, 1, 1)
    assert server.client("wait", 9).returncode == 2 and server.client("submit").returncode == 2
    server.client("submit", "sleep 0.2; echo late")
    assert server.client("drain").returncode == 0
    assert server.process.wait() == 0 and not (server.folder / "s").exists()


def test_join(serve, tmp_path):
    """A worker joins a server, and ends with it."""
    server = serve("unix:s", "--address", "a", "--per-task", "cores=4")
    task = server.client("submit", "echo $TRIREME_POOL_WORKER").stdout.strip()
    worker = subprocess.Popen([POOL, "join", "--address", "a", "--slots", "4"], cwd=tmp_path)
    assert server.client("wait", task).returncode == 0 and server.client("output", task).stdout == "1\n"
    assert server.client("drain").returncode == 0 and server.process.wait() == 0 and worker.wait() == 0


def test_access(serve, tmp_path):
    """TCP needs the key; what was heard of one connection is of no use for another."""
    port = free_port()
    listen = f"tcp:127.0.0.1:{port}"
    done = subprocess.run([POOL, "serve", "--listen", listen], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "needs --key" in done.stderr
    (tmp_path / "key").write_text("ab" * 32)
    done = subprocess.run([POOL, "serve", "--listen", listen, "--key", "key"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 4 and "chmod 600" in done.stderr
    (tmp_path / "key").chmod(0o600)
    server = serve(listen, "--key", "key")
    assert server.client("submit", "echo 1", "--key", "key").stdout == "1\n"
    (tmp_path / "other").write_text("ac" * 32)
    (tmp_path / "other").chmod(0o600)
    assert server.client("submit", "echo 1", "--key", "other").returncode == 3
    assert server.client("submit", "echo 1").returncode == 2
    # A request without proof, and a proof that was made for another challenge.
    for first in ({"op": "submit", "command": "touch hacked"}, {"op": "prove"}, [], 7,
                  {"op": "prove", "nonce": "0" * 64, "proof": "0" * 64}):
        s, stream = server.connect()
        assert len(json.loads(stream.readline())["challenge"]) == 64
        stream.write(json.dumps(first) + "\n")
        stream.flush()
        assert stream.readline() == ""
    assert server.client("status", "--key", "key").returncode == 0 and not (tmp_path / "hacked").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_other_user(serve):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        serve(f"unix:{folder}/s")
        os.chmod(f"{folder}/s", 0o777)
        code = (f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{folder}/s')\n"
                "try: s.sendall(b'{\"op\": \"status\"}\\n'); print(s.recv(100))\n"
                "except OSError: print('put out')")
        other = ("setpriv", "--reuid", "12345", "--clear-groups", "/usr/bin/python3", "-c", code)
        done = subprocess.run(other, cwd="/", capture_output=True, text=True)
    assert done.stdout.strip() in ("b''", "put out"), done


def test_fuzz(serve):
    """Mutated lines: an answer for each, or the end of the connection; others are served all the time."""
    lines = int(os.environ.get("TRIREME_POOL_LINES", "5000"))
    server, chance = serve(), random.Random(3)
    good = [json.dumps(r).encode() for r in (
        {"op": "submit", "command": "true", "retry": 1, "timeout": 2.5, "cores": 1, "priority": -3},
        {"op": "status"}, {"op": "status", "task": 1}, {"op": "output", "task": 1},
        {"op": "cancel", "task": 1})]
    assert server.client("submit", "true").stdout == "1\n"
    s, sent = server.connect()[0], 0
    stream = s.makefile("rwb")
    for k in range(lines):
        line = bytearray(chance.choice(good))
        for _ in range(chance.choice((0, 1, 1, 2, 8))):
            at = chance.randrange(len(line))
            new = bytes(chance.randrange(256) for _ in range(chance.choice((0, 1, 2))))
            line[at:at + chance.choice((0, 1, 3))] = new
        if b"drain" in line or b"wait" in line:
            continue
        stream.write(line.replace(b"\n", b" ") + b"\n")
        sent += 1
        if sent % 50 == 0:
            stream.flush()
            for _ in range(50):
                assert "ok" in json.loads(stream.readline())
    with pytest.raises(OSError):  # a line without end
        for _ in range(100):
            s.sendall(b"x" * (1 << 20))
    assert server.client("status").returncode == 0 and server.process.poll() is None


def test_crowd(serve):
    """1,000 idle clients, half a request from each of some, and one that never reads."""
    server = serve()
    count = 500 if os.environ.get("TRIREME_SANITIZE") else 1000
    idle = [server.connect()[0] for _ in range(count)]
    for s in idle[::3]:
        s.sendall(b'{"op": "sta')
    assert server.client("submit", "head -c 200000 /dev/zero").stdout == "1\n"
    server.client("wait", 1)
    slow = server.connect()[0]
    slow.settimeout(2)
    try:
        for _ in range(2000):  # 500 MB of answers
            slow.sendall(b'{"op": "output", "task": 1}\n' * 10)
    except socket.timeout:
        pass
    with open(f"/proc/{server.process.pid}/statm") as statm:
        assert int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") < 100 << 20
    assert server.client("submit", "echo x").stdout == "2\n" and server.client("wait", 2).returncode == 0
    for s in idle:
        s.close()
    slow.close()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait() == 0


def test_asyncio(serve, tmp_path):
    """The client in doc/pool.md, letter by letter."""
    text = (SOURCE / "doc" / "pool.md").read_text()
    program = re.search(r"```python\n(.*?)```", text, re.S).group(1)
    assert len(program.splitlines()) <= 24
    serve()
    (tmp_path / "client.py").write_text(program)
    done = subprocess.run(["/usr/bin/python3", "client.py", "s"], cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode == 0 and done.stdout.split() == ["0", "1", "2", "3", "4"], done.stderr
