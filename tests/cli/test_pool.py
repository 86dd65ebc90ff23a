"""apps/pool: lists of commands, their ends, the journal, lost workers, and what users ask of it."""
import json
import os
import random
import re
import signal
import subprocess
import time

import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full

POOL = str(BUILD / "apps" / "pool")
OPENMPI = subprocess.run([LAUNCHER, "--version"], capture_output=True, text=True).stdout.startswith(
    ("mpirun (Open", "mpiexec (Open", "mpirun (Open"))


def start(ranks, *arguments, cwd, launcher=(), **how):
    """A pool that runs beside the test, in a session of its own."""
    command = [POOL, *map(str, arguments)]
    if ranks:
        command = [str(SOURCE / "jobs" / "run.sh"), LAUNCHER, str(ranks), *launcher, *command]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            start_new_session=True, **how)


def show(trireme, journal):
    r = trireme(0, "pool", "--show", journal, "--json")
    seen = json.loads(r.out)
    assert r.status == seen.get("status", 75)
    return seen


def wait_for(condition, process=None):
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)


def done_files(folder):
    return sorted(int(p.name) for p in folder.iterdir())


def children(pid):
    """Processes below `pid`, all generations."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    parents[int(entry)] = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found, last = set(), {pid}
    while last:
        last = {p for p, parent in parents.items() if parent in last} - found
        found |= last
    return found


def pools(pid):
    """The processes of the program below a launcher, the manager first."""
    found = []
    for p in sorted(children(pid)):
        try:
            if os.readlink(f"/proc/{p}/exe") == POOL:
                with open(f"/proc/{p}/environ") as stream:
                    words = dict(w.split("=", 1) for w in stream.read().split("\0") if "=" in w)
                found.append((int(words.get("OMPI_COMM_WORLD_RANK", words.get("PMI_RANK", "0"))), p))
        except OSError:
            pass
    return [p for _, p in sorted(found)]


def test_commands(trireme, tmp_path):
    """Every way a command may end."""
    (tmp_path / "tasks").write_text("echo out; echo err >&2\n\n# a comment\nprintf 'no end'\nexit 3\n"
                                    "kill -9 $$\nno-such-command\n  true  \ncat\nexec 1>&- 2>&-; sleep 0.05\n"
                                    "echo \"$TRIREME_POOL_TASK $TRIREME_POOL_ATTEMPT $TRIREME_POOL_CORES\"\n")
    r = trireme(0, "pool", "tasks", "--slots", 2, "--journal", "run.j")
    assert r.status == 1, r.err
    assert "6 done, 3 failed, 0 left" in r.err and r.err.endswith("pool: 3 tasks have failed\n")
    for text in ("task 3 on .*: exit status 3: exit 3", r"task 4 on .*: signal 9 \(Killed\)",
                 "task 5 on .*: exit status 127: no-such-command"):
        assert re.search(text, r.err), r.err
    assert trireme(0, "pool", "--tail", "run.j", 1).out in ("out\nerr\n", "err\nout\n")
    assert trireme(0, "pool", "--tail", "run.j", 2).out == "no end"
    assert trireme(0, "pool", "--tail", "run.j", 9).out == "9 1 1\n"
    seen = show(trireme, "run.j")
    assert (seen["done"], seen["failed"], seen["left"], seen["status"]) == (6, 3, 0, 1)
    # Without a journal whole lines go to the pool's own output.
    r = trireme(0, "pool", "tasks", "--slots", 2, "--quiet")
    assert sorted(r.out.splitlines()) == ["9 1 1", "no end", "out"]


def test_sweep(trireme):
    r = trireme(0, "pool", "--sweep", "echo {h} {n}-{n} {x}", "h=0.1,0.01", "n=8:10", "x=0:1:0.5",
                "--slots", 2)
    assert r.status == 0 and sorted(r.out.splitlines()) == sorted(
        f"{h} {n}-{n} {x}" for h in ("0.1", "0.01") for n in (8, 9, 10) for x in ("0.0", "0.5", "1.0"))


def test_input(trireme, tmp_path):
    """Standard input, bytes 0 between commands, any bytes in them, no end of the last line, no task."""
    nasty = [b"printf '%s' 'a\nb'", b"printf '\\377'", b"printf \xff\xfe", b"true"]
    done = subprocess.run([POOL, "--null", "--journal", "n.j", "--json"], cwd=tmp_path,
                          input=b"\0".join(nasty), capture_output=True)
    assert done.returncode == 0 and json.loads(done.stdout)["done"] == 4, done.stderr
    outputs = [subprocess.run([POOL, "--tail", "n.j", str(k)], cwd=tmp_path, capture_output=True).stdout
               for k in (1, 2, 3)]
    assert outputs == [b"a\nb", b"\xff", b"\xff\xfe"]
    done = subprocess.run([POOL, "-"], cwd=tmp_path, input=b"echo 1\necho 2", capture_output=True)
    assert done.returncode == 0 and sorted(done.stdout.split()) == [b"1", b"2"]
    done = subprocess.run([POOL], cwd=tmp_path, input=b"", capture_output=True)
    assert done.returncode == 0 and b"0 done" in done.stderr
    done = subprocess.run([POOL], cwd=tmp_path, input=b"echo \0 1\n", capture_output=True)
    assert done.returncode == 4 and b"--null" in done.stderr


@pytest.mark.parametrize("arguments, status, text", [
    (("no-file",), 4, "cannot open 'no-file'"), (("--retry", "x"), 2, "--retry"),
    (("--timeout", "soon"), 2, "is no time"), (("--resume",), 2, "--resume needs --journal"),
    (("--per-task", "gpus=1"), 2, "no 'gpus=1'"), (("--sweep", "echo {a}", "b=1"), 2, "has no {b}"),
    (("--sweep", "echo {a}", "a=5:1"), 2, "range is empty"), (("a", "b"), 2, "unexpected argument 'b'"),
    (("join",), 2, "join needs --address"), (("--stop-before", "5m"), 3, "SLURM_JOB_END_TIME"),
    (("--show", "no.j"), 4, "cannot open"), (("--show", "/dev/null"), 4, "")])
def test_bad_input(trireme, arguments, status, text):
    r = trireme(0, "pool", *arguments)
    if arguments == ("--show", "/dev/null"):
        return  # an empty file is an empty journal
    assert r.status == status and text in r.err and len(r.err.splitlines()) == 1, r.err


def test_journal(trireme, tmp_path):
    """What is done is not done again, whatever the order of the list; equal commands count one by one."""
    (tmp_path / "log").touch()
    lines = [f"echo {i} >>log" for i in range(30)] + ["echo same >>log"] * 3 + ["test -e now"]
    (tmp_path / "tasks").write_text("\n".join(lines))
    r = trireme(0, "pool", "tasks", "--journal", "run.j")
    assert r.status == 1 and "33 done, 1 failed" in r.err
    r = trireme(0, "pool", "tasks", "--journal", "run.j")
    assert r.status == 2 and "--resume" in r.err
    (tmp_path / "now").touch()
    random.Random(1).shuffle(lines)
    lines += ["echo same >>log", "echo new >>log"]
    (tmp_path / "tasks").write_text("\n".join(lines))
    r = trireme(0, "pool", "tasks", "--journal", "run.j", "--resume")
    assert r.status == 0 and "3 done and 33 before, 0 failed, 0 left" in r.err, r.err
    log = (tmp_path / "log").read_text().split()
    assert sorted(log) == sorted([str(i) for i in range(30)] + ["same"] * 4 + ["new"])
    seen = show(trireme, "run.j")
    assert seen["runs"] == 2 and seen["status"] == 0 and seen["failed"] == 0
    # An older, longer journal is compacted.
    r = trireme(0, "pool", "--sweep", "echo {i}; exit 1", "i=1:600", "--journal", "run.j", "--resume",
                "--quiet")
    assert r.status == 1
    before = (tmp_path / "run.j").stat().st_size
    r = trireme(0, "pool", "tasks", "--journal", "run.j", "--resume")
    assert r.status == 0 and "0 done and 36 before" in r.err
    assert (tmp_path / "run.j").stat().st_size < before / 10


def test_damaged_journal(trireme, tmp_path):
    """Cut or damaged it is resumed, or refused with the reason; what it calls done is done."""
    command = ("pool", "--sweep", "echo x >>{i}", "i=1:20", "--journal", "run.j")
    assert trireme(0, *command, "--quiet").status == 0
    whole = (tmp_path / "run.j").read_bytes()
    chance = random.Random(7)
    for trial in range(6):
        bytes_ = bytearray(whole)
        if trial % 2:
            bytes_ = bytes_[:chance.randrange(80, len(bytes_))]
        else:
            bytes_[chance.randrange(64, len(bytes_))] ^= 1 << chance.randrange(8)
        (tmp_path / "run.j").write_bytes(bytes_)
        for i in range(1, 21):
            (tmp_path / str(i)).write_text("")
        r = trireme(0, *command, "--resume", "--json")
        counts = json.loads(r.out)
        assert r.status == 0 and counts["done"] + counts["done_before"] == 20, r.err
        again = sum((tmp_path / str(i)).read_text() == "x\n" for i in range(1, 21))
        assert again == counts["done"] and "cut off" in r.err
    (tmp_path / "run.j").write_bytes(b"\x00" + whole[1:])
    r = trireme(0, *command, "--resume")
    assert r.status == 4 and "is not a journal" in r.err
    assert (tmp_path / "run.j").read_bytes()[1:] == whole[1:]


def test_two_writers(trireme, tmp_path):
    first = start(0, "--journal", "run.j", cwd=tmp_path, stdin=subprocess.PIPE)
    wait_for(lambda: (tmp_path / "run.j.out").exists(), first)
    r = trireme(0, "pool", "--journal", "run.j", "--resume")
    assert r.status == 4 and "another process writes the journal" in r.err
    first.communicate("echo 1\n")
    assert first.returncode == 0


def test_limits(trireme, tmp_path):
    """--timeout ends the whole group; --retry, --fail-limit."""
    (tmp_path / "tasks").write_text("trap '' TERM; sleep 1000 & echo $! >pid; wait\n"
                                    "sleep 1000 | sleep 1000\n")
    r = trireme(0, "pool", "tasks", "--slots", 2, "--timeout", "0.3s")
    assert r.status == 1 and r.err.count("beyond --timeout") == 2, r.err
    pid = int((tmp_path / "pid").read_text())
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"))
    (tmp_path / "tasks").write_text('echo "$TRIREME_POOL_ATTEMPT"; [ "$TRIREME_POOL_ATTEMPT" = 3 ]\n')
    r = trireme(0, "pool", "tasks", "--retry", 1)
    assert r.status == 1 and r.out == "1\n2\n"
    r = trireme(0, "pool", "tasks", "--retry", 5)
    assert r.status == 0 and r.out == "1\n2\n3\n" and r.err.count("it runs again") == 2
    r = trireme(0, "pool", "--sweep", "sleep 0.02; exit {i}", "i=1:100", "--slots", 2, "--fail-limit", 3,
                "--journal", "f.j")
    assert r.status == 1 and "(--fail-limit)" in r.err and 3 <= show(trireme, "f.j")["failed"] < 20


def test_capacities(trireme, tmp_path):
    """Never more cores in use than there are, and devices that no two have at once."""
    (tmp_path / "d").mkdir()
    command = ("mkdir d/$TRIREME_POOL_DEVICES || exit 1; sleep 0.05; rmdir d/$TRIREME_POOL_DEVICES; "
               "echo $TRIREME_POOL_CORES {i}")
    r = trireme(0, "pool", "--sweep", command, "i=1:8", "--slots", 4, "--devices", 2, "--per-task",
                "cores=2,devices=1")
    assert r.status == 0 and sorted(r.out.split("\n"))[1:] == [f"2 {i}" for i in range(1, 9)], r.err


def test_stop(trireme, tmp_path):
    """A signal, and the time limit of a job: 75, nothing is lost, nothing runs twice that was done."""
    command = ("--sweep", "sleep 0.05; echo x >>{i}", "i=1:60", "--slots", "2", "--journal", "run.j")
    process = start(0, *command, cwd=tmp_path)
    wait_for(lambda: (tmp_path / "5").exists(), process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 75 and "stopped by a signal; --resume goes on" in err, err
    seen = show(trireme, "run.j")
    assert seen["status"] == 75 and seen["done"] + seen["left"] == 60 and seen["failed"] == 0
    now = time.time()
    r = trireme(0, "pool", *command, "--resume", "--stop-before", "1s",
                env={"SLURM_JOB_END_TIME": str(now + 1.5)})
    assert r.status in (0, 75), r.err
    if r.status == 75:
        assert "time limit of the job" in r.err
    r = trireme(0, "pool", *command, "--resume")
    assert r.status == 0
    assert all((tmp_path / str(i)).exists() for i in range(1, 61))
    assert show(trireme, "run.j")["done"] == 60


def test_full_disk(trireme, tmp_path):
    """The journal cannot grow: the run ends with one line and 4, and goes on when there is room."""
    r = trireme(0, "pool", "--sweep", "echo {i}", "i=1:200", "--journal", "run.j",
                wrap=("bash", "-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "-"))
    assert r.status == 4 and "cannot write the journal" in r.err, r.err
    r = trireme(0, "pool", "--sweep", "echo {i}", "i=1:200", "--journal", "run.j", "--resume", "--json")
    counts = json.loads(r.out)
    assert r.status == 0 and counts["done"] + counts["done_before"] == 200 and counts["done_before"] > 0


def test_killed(trireme, tmp_path):
    """The manager is killed; the journal resumes it."""
    command = ("--sweep", "sleep 0.02; echo x >>{i}", "i=1:60", "--slots", "2", "--journal", "run.j")
    process = start(0, *command, cwd=tmp_path)
    wait_for(lambda: (tmp_path / "10").exists(), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert trireme(0, "pool", "--show", "run.j").out.count("--resume goes on with it") == 1
    r = trireme(0, "pool", *command, "--resume", "--json")
    assert r.status == 0
    counts, lengths = json.loads(r.out), [len((tmp_path / str(i)).read_text()) for i in range(1, 61)]
    assert counts["done"] + counts["done_before"] == 60 and counts["done_before"] >= 5
    assert min(lengths) == 2 and sum(n == 4 for n in lengths) <= 4  # what ran at the kill ran twice
    assert show(trireme, "run.j")["done"] == 60


def test_ranks(trireme, tmp_path):
    """All ranks work, rank 0 too; an error in the beginning ends all."""
    r = trireme(3, "pool", "--sweep", "sleep 0.1; echo $TRIREME_POOL_WORKER {i}", "i=1:24", "--json")
    lines = r.out[:r.out.index("{")].splitlines()
    assert r.status == 0 and len(lines) == 24, r.out
    assert {line.split()[0] for line in lines} == {"0", "1", "2"}, r.out
    r = trireme(3, "pool", "no-file")
    assert r.status == 4 and len(r.err.splitlines()) == 1


@pytest.mark.skipif(not OPENMPI, reason="the option is Open MPI's")
def test_lost_worker(trireme, tmp_path):
    """One rank is killed: its tasks run again, all are done, the status is 0."""
    process = start(3, "--sweep", "sleep 0.03; echo x >>{i}", "i=1:60", "--journal", "run.j", cwd=tmp_path,
                    launcher=("--enable-recovery",))
    wait_for(lambda: (tmp_path / "6").exists() and len(pools(process.pid)) == 3, process)
    os.kill(pools(process.pid)[2], signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == 0 and "is lost" in err and "60 done, 0 failed, 0 left" in err, err
    seen = show(trireme, "run.j")
    assert seen["done"] == 60 and seen["status"] == 0
    lengths = [len((tmp_path / str(i)).read_text()) for i in range(1, 61)]
    assert min(lengths) == 2 and max(lengths) <= 4


def test_no_mpi(trireme, tmp_path):
    """Processes that meet by a file, one that joins later, and one that leaves."""
    env = {**os.environ, "SLURM_STEP_NUM_TASKS": "2"}
    command = ("--no-mpi", "--address", "a", "--sweep", "sleep 0.05; echo x >{i}", "i=1:60",
               "--journal", "run.j")
    first = start(0, *command, cwd=tmp_path, env={**env, "SLURM_PROCID": "0"})
    second = start(0, *command, cwd=tmp_path, env={**env, "SLURM_PROCID": "1"})
    wait_for(lambda: (tmp_path / "a").exists(), first)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    third = start(0, "join", "--address", "a", "--slots", 2, cwd=tmp_path)
    wait_for(lambda: (tmp_path / "30").exists(), first)
    third.terminate()
    out, err = third.communicate()
    assert third.returncode == 0, err
    assert first.wait() == 0 and second.wait() == 0, first.communicate()
    assert show(trireme, "run.j")["done"] == 60 and not (tmp_path / "a").exists()


def test_large_output(trireme, tmp_path):
    """Of several commands at once, without a line's end; the memory of the manager stays small."""
    r = trireme(0, "pool", "--sweep", "head -c 30000000 /dev/zero; echo {i}", "i=1:4", "--slots", 2,
                "--journal", "run.j", "--quiet", wrap=("bash", "-c", "ulimit -v 1500000; exec \"$@\"", "-"))
    assert r.status == 0, r.err
    done = subprocess.run([POOL, "--tail", "run.j", "3"], cwd=tmp_path, capture_output=True)
    assert done.stdout == bytes(30000000) + b"3\n"


def test_results(trireme, tmp_path):
    h5py = pytest.importorskip("h5py")
    r = trireme(0, "pool", "--sweep", "echo {i}; exit {i}", "i=0:4", "--journal", "run.j", "--quiet")
    assert r.status == 1
    r = trireme(0, "pool", "--show", "run.j", "--results", "r.h5", "--quiet")
    if r.status == 3 and "HDF5" in r.err:
        pytest.skip("a build without HDF5")
    assert r.status == 1, r.err  # that of the run
    with h5py.File(tmp_path / "r.h5") as f:
        order = list(f["task"][:])
        assert sorted(order) == [1, 2, 3, 4, 5]
        assert [f["value"][order.index(k + 1)] for k in range(5)] == [0, 1, 2, 3, 4]
        start_, bytes_ = f["output_from"][:], f["output"][:].view("u1")
        for place, number in enumerate(order):
            assert bytes_[start_[place]:start_[place + 1]].tobytes() == f"{number - 1}\n".encode()


@pytest.mark.parametrize("seed", [full(k) for k in range(int(os.environ.get("TRIREME_POOL_TRIALS", "2")))])
def test_random_kills(trireme, tmp_path, seed):
    """Any process is killed at any moment, again and again; the journal ends with all done."""
    chance = random.Random(seed)
    command = ("--sweep", "sleep 0.01; echo x >>{i}", "i=1:80", "--journal", "run.j", "--resume")
    kills = 0
    for attempt in range(6):
        launcher = ("--enable-recovery",) if OPENMPI else ()
        ranks = chance.choice((0, 2, 3)) if OPENMPI else chance.choice((0, 2))
        slots = () if ranks else ("--slots", "2")
        process = start(ranks, *command, *slots, cwd=tmp_path, launcher=launcher)
        if attempt < 5:
            end = time.time() + chance.uniform(0.02, 1.2)
            while time.time() < end and process.poll() is None:
                time.sleep(0.01)
            victims = pools(process.pid) if ranks else [process.pid]
            if victims and process.poll() is None:
                victim = chance.choice(victims)
                os.kill(victim, signal.SIGKILL)
                kills += 1
                # Without the manager, or if a rank is lost while MPI starts, the launcher does not end soon.
                try:
                    process.communicate(timeout=0.5 if victim == victims[0] else 15)
                except subprocess.TimeoutExpired:
                    for p in children(process.pid):
                        os.kill(p, signal.SIGKILL)
                    os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert process.returncode == 0, "the last one is not disturbed"
    seen = show(trireme, "run.j")
    assert seen["status"] == 0 and seen["done"] == 80 and seen["failed"] == 0, seen
    assert all((tmp_path / str(i)).read_text() for i in range(1, 81))


@pytest.mark.parametrize("count", [full(100000)])
def test_many(trireme, count):
    """Many short commands in bounded memory."""
    r = trireme(0, "pool", "--sweep", "true {i}", f"i=1:{count}", "--journal", "run.j", "--json",
                wrap=("bash", "-c", "ulimit -v 1000000; exec \"$@\"", "-"))
    assert r.status == 0 and json.loads(r.out)["done"] == count
