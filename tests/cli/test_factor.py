"""apps/factor: known answers, bad input, journal, lost workers, save files, and ranges."""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import BUILD, LAUNCHER, SOURCE, full

FACTOR = str(BUILD / "apps" / "factor")
OPENMPI = subprocess.run([LAUNCHER, "--version"], capture_output=True, text=True).stdout.startswith(
    ("mpirun (Open", "mpiexec (Open"))
RANKS = 3 if OPENMPI else 2  # ranks of MPICH that wait burn their core
P20, P30 = 6 * 10**19 + 12349, 8 * 10**29 + 47
HARD = P20 * P30  # for curves without a sieve: those of seed 7 find the p20 at B1 = 11000


def start(ranks, *arguments, cwd, launcher=(), env=None):
    """A run beside the test, in a session of its own."""
    command = [FACTOR, *map(str, arguments)]
    if ranks:
        command = [str(SOURCE / "jobs" / "run.sh"), LAUNCHER, str(ranks), *launcher, *command]
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, start_new_session=True)


def wait_for(condition, process=None):
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)


def factors(r, index=0):
    """Sorted factors of a number in the JSON of a run."""
    return [int(f["value"]) for f in json.loads(r.out)["numbers"][index]["factors"]]


KNOWN = {
    "0": "0", "1": "", "-1": "-1", "-12": "-1 2 2 3", "2": "2", "97": "97", "561": "3 11 17",
    "2^6": "2 2 2 2 2 2", "6601": "7 23 41", "  30  ": "2 3 5", "(10^9+7)^2": "1000000007 1000000007",
    "10!": "2 2 2 2 2 2 2 2 3 3 3 3 5 5 7",
    "11#": "2 3 5 7 11", "2^64-59": "18446744073709551557", "2^64+13": "18446744073709551629",
    "2^89-1": "618970019642690137449562111", "3825123056546413051": "149491 747451 34233211",
    "341550071728321^2": "10670053 10670053 32010157 32010157",  # a pseudoprime for the bases 2, ..., 17
    "2^128+1": "59649589127497217 5704689200685129054721",  # F7
    "2^256+1": "1238926361552897 93461639715357977769163558199606896584051237541638188580280321",  # F8
    "2^137-1": "32032215596496435569 5439042183600204290159",
    "(10^15+37)^2*(10^13+37)": "10000000000037 1000000000000037 1000000000000037",
}


def test_known(trireme):
    r = trireme(0, "factor", *KNOWN, "--slots", 2, "--digits", 20)
    assert r.status == 0, r.err
    for line, (number, answer) in zip(r.out.splitlines(), KNOWN.items(), strict=True):
        assert line == f"{number.strip()}: {answer}".rstrip(), line


def test_list(trireme, tmp_path):
    """Numbers of all sizes, on ranks, against coreutils; each number once, comments, blank lines, no end."""
    if not shutil.which("factor"):
        pytest.skip("there is no factor of coreutils")
    chance = random.Random(5)
    numbers = [chance.randrange(1, 10**chance.randrange(1, 28)) for _ in range(300)]
    numbers += numbers[:20] + [p * p for p in (2, 3, 65537, 4294967291)]
    (tmp_path / "list").write_text("# comment\n\n" + "\n".join(f" {n} # text" for n in numbers))
    expected = subprocess.run(["factor", *map(str, numbers)], capture_output=True, text=True).stdout
    r = trireme(RANKS, "factor", "list", "--quiet")
    assert r.status == 0 and r.out == expected, r.err
    r = trireme(0, "factor", "-", "--slots", 1, wrap=("bash", "-c", 'exec "$@" <list', "-"))
    assert r.out == expected


@pytest.mark.parametrize("arguments, status, words", [
    ((), 2, "an integer or a file is missing"),
    (("abc",), 2, "'abc' is no integer"),
    (("12", "1x"), 2, "'1x' is no integer"),
    (("",), 2, "is no integer"),
    (("2^",), 2, "is no integer"),
    (("(2",), 2, "a ) is missing"),
    (("10^100001",), 2, "more than 100000 digits"),
    (("2^2^2^2^2^2",), 2, "more than 100000 digits"),
    (("2^-1",), 2, "negative exponent"),
    (("list",), 4, "list: line 2: '3.5': it is not an integer"),
    (("12", "--digits", "12"), 2, "--digits: 0, or from 15 to 65"),
    (("12", "--sieve", "200"), 2, "--sieve"),
    (("12", "--time", "soon"), 2, "--time: 'soon' is not a time"),
    (("12", "--resume"), 2, "--resume needs --journal"),
    (("12", "--journal", "list"), 2, "'list' exists; add --resume"),
    (("12", "--journal", "list", "--resume"), 4, "list"),
    (("12", "--save", "list"), 4, "list"),
    (("--from-save", "nothing"), 4, "nothing"),
    (("--from-save", "list"), 4, "list: line 1 is no curve of GMP-ECM"),
    (("--range", "5"), 2, "--range: '5' is not A:B"),
    full(("--range", "7:5"), 2, "--range"),
    full(("--range", "0:1e19"), 2, "--range"),
    (("--range", "0:9", "--out", "f.h5"), 2, "--out: 'f.h5' names no dataset"),
    full(("--range", "0:9", "--memory", "1"), 2, "--memory: too small"),
])
def test_bad_input(trireme, tmp_path, arguments, status, words):
    (tmp_path / "list").write_text("12\n3.5\n")
    r = trireme(0, "factor", *arguments)
    assert r.status == status and words in r.err and len(r.err.splitlines()) == 1 and not r.out, r.err


def test_short(trireme):
    """The end of a run that is over before all ranks have joined is theirs, too."""
    r = trireme(RANKS, "factor", 12)
    assert r.status == 0 and r.out == "12: 2 2 3\n" and not r.err


def test_bad_input_on_ranks(trireme):
    r = trireme(2, "factor", "1x", "--journal", "run.j")
    assert r.status == 2 and len(r.err.splitlines()) == 1, r.err


def test_probable(trireme):
    """Without a proof the output says so, and JSON what each factor is."""
    number = "15*(2^521-1)"
    r = trireme(0, "factor", number, "--proof", 100, "--slots", 1)
    assert r.status == 0 and r.out == f"{number}: 3 5 {2**521 - 1}[probable]\n"
    r = trireme(0, "factor", number, "--proof", 160, "--slots", 1, "--json")
    assert [f["kind"] for f in r.json["numbers"][0]["factors"]] == ["prime"] * 3 and r.json["complete"] == 1


def test_curves(trireme, tmp_path):
    """A curve is a function of its number: a run that is killed and resumed finds the factor by the same one,
    and says what was lost."""
    command = (HARD, "--sieve", 0, "--digits", 20, "--slots", 1, "--seed", 7, "--json", "--progress", 0)
    journal = tmp_path / "run.j"
    for k in range(2):
        process = start(0, *command, "--journal", "run.j", "--resume", cwd=tmp_path)
        size = journal.stat().st_size + 60 if k else 350
        wait_for(lambda: journal.exists() and journal.stat().st_size > size, process)
        process.kill()
        process.communicate()
    again = trireme(0, "factor", *command, "--journal", "run.j", "--resume")
    assert factors(again) == [P20, P30]
    found = [f["found_by"] for f in again.json["numbers"][0]["factors"]]
    assert found == ["ECM B1=11000 sigma=1:4040683442"] * 2  # as in a run that nobody kills
    assert 0 < again.json["curves"] < 60 and again.json["lost_before"] > 0
    # All is known now: the answer comes without a curve, on other slots, too.
    third = trireme(0, "factor", HARD, -HARD, "--slots", 2, "--seed", 7, "--json", "--journal", "run.j",
                    "--resume")
    assert factors(third) == [P20, P30] and third.json["curves"] == 0
    assert factors(third, 1) == [-1, P20, P30]
    r = trireme(0, "factor", HARD, "--seed", 4, "--journal", "run.j", "--resume")
    assert r.status == 2 and "--seed: the journal 'run.j' has curves of the seed 7" in r.err


@pytest.mark.parametrize("how", ["signal", "time"])
def test_stopped(trireme, tmp_path, how):
    """What is left is stated, and the status is 75, as it is with a signal to all."""
    number = 2**512 + 1  # F9
    limit = ("--time", "1s") if how == "time" else ()
    command = (number, 15, "--sieve", 0, "--slots", 1, "--journal", "run.j", *limit)
    process = start(0, *command, cwd=tmp_path)
    if how == "signal":
        wait_for(lambda: (tmp_path / "run.j").exists() and (tmp_path / "run.j").stat().st_size > 500, process)
        process.terminate()
    out, err = process.communicate()
    assert process.returncode == 75, err
    assert out == f"{number}: 2424833 {number // 2424833}[composite]\n15: 3 5\n"
    assert "a composite factor of 148 digits is left; excluded:" in err and "--resume goes on" in err


def sieve_folders(path):
    return list(path.glob("trireme-factor-*"))


def test_sieve_ends_with_its_worker(trireme, tmp_path):
    """A killed process leaves neither a process that sieves nor its files."""
    number = (10**34 + 193) * (10**35 + 69)
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    process = start(0, number, "--digits", 0, "--slots", 1, cwd=tmp_path, env=env)
    wait_for(lambda: any(list(f.iterdir()) for f in sieve_folders(tmp_path)), process)
    process.kill()
    process.communicate()
    wait_for(lambda: not sieve_folders(tmp_path))
    r = trireme(0, "factor", "2^137-1", "--digits", 0, "--slots", 1, env={"TMPDIR": "no-folder"})
    assert r.status == 0 and "[composite]" in r.out and "set TMPDIR" in r.err


# Written by GMP-ECM 7.0.5 after stage 1 of curves; stage 2 of the first finds the p20.
SAVED_N = 60000000000000012349 * (10**60 + 7)
SAVED = (
    "METHOD=ECM; PARAM=1; SIGMA=84; B1=11000; "
    f"N={SAVED_N}; X=0x19838cd5ccca3f48dcae40431a565892d5205ec05b53938681542f6662ad5e4520b; "
    "CHECKSUM=1110491508; PROGRAM=GMP-ECM 7.0.5; Y=0x0; X0=0x0; Y0=0x0; "
    "WHO=@vm; TIME=Sat Nov 28 17:33:15 2026;\n"
    "METHOD=P-1; B1=5000; "
    f"N={SAVED_N}; X=0x168db756e8a40641337cc909f773d14e49ff2525bb6b6bf2eb3fd9aa68c0210e288; "
    "CHECKSUM=1407626222; PROGRAM=GMP-ECM 7.0.5; Y=0x0; X0=0x0; Y0=0x0; "
    "WHO=@vm; TIME=Sat Nov 28 17:33:15 2026;\n"
    "METHOD=ECM; PARAM=1; SIGMA=11; B1=11000; "
    f"N={SAVED_N}; X=0x1a14ccac5265bb3bf8ddcf8d34b1f2c852945e7e0c5c3e03fca5b258f75a743d9b7; "
    "CHECKSUM=1733922485; PROGRAM=GMP-ECM 7.0.5; Y=0x0; X0=0x0; Y0=0x0; "
    "WHO=@vm; TIME=Sat Nov 28 17:33:15 2026;\n"
    "METHOD=ECM; PARAM=1; SIGMA=12; B1=11000; "
    f"N={SAVED_N}; X=0x2537e9d46a6f3845419088dc837fbd8ba3fd8b7f2f73f921a326acac3753ead821; "
    "CHECKSUM=233387728; PROGRAM=GMP-ECM 7.0.5; Y=0x0; X0=0x0; Y0=0x0; "
    "WHO=@vm; TIME=Sat Nov 28 17:33:15 2026;\n"
)


def test_from_save(trireme, tmp_path):
    (tmp_path / "ecm.save").write_text(SAVED)
    r = trireme(0, "factor", "--from-save", "ecm.save", "--digits", 0, "--sieve", 0, "--json", "--slots", 1)
    assert factors(r) == [60000000000000012349, 10**60 + 7]
    assert r.json["numbers"][0]["factors"][0]["found_by"] == "ECM B1=11000, a curve of a save file"
    (tmp_path / "bad.save").write_text(SAVED.replace("X=0x", "X=0x1", 1))
    r = trireme(0, "factor", "--from-save", "bad.save")
    assert r.status == 4 and "bad.save: line 1" in r.err and "CHECKSUM" in r.err, r.err
    assert len(r.err.splitlines()) == 1


@pytest.mark.full
def test_save(trireme, tmp_path):
    """What is saved can be read again; with GMP-ECM where it is installed."""
    number = HARD
    r = trireme(0, "factor", number, "--seed", 7, "--digits", 15, "--sieve", 0, "--save", "f.save",
                "--slots", 2)
    lines = (tmp_path / "f.save").read_text().splitlines()
    assert r.status == 0 and len(lines) == 30
    assert sum(line.startswith("METHOD=ECM; PARAM=1;") for line in lines) == 28
    assert trireme(0, "factor", number, "--save", "f.save").status == 4
    r = trireme(0, "factor", number, "--digits", 0, "--sieve", 0, "--save", "f.save", "--replace")
    assert r.status == 0 and not (tmp_path / "f.save").read_text()
    (tmp_path / "f.save").write_text("\n".join(lines))
    r = trireme(0, "factor", "--from-save", "f.save", "--digits", 0, "--sieve", 0, "--slots", 2, "--json")
    assert r.json["curves"] == 30
    if shutil.which("ecm"):
        done = subprocess.run(["ecm", "-resume", tmp_path / "f.save", "2000"], capture_output=True, text=True)
        assert done.stdout.count("Using B1=2000-2000") == 28 and "hecksum" not in done.stdout + done.stderr


def workers(pid):
    """Processes of the program below a launcher by rank."""
    found = {}
    for entry in os.listdir("/proc"):
        try:
            if not entry.isdigit() or os.getsid(int(entry)) != pid:
                continue
            if os.readlink(f"/proc/{entry}/exe") == FACTOR:
                with open(f"/proc/{entry}/environ") as stream:
                    words = dict(w.split("=", 1) for w in stream.read().split("\0") if "=" in w)
                found[int(words["OMPI_COMM_WORLD_RANK"])] = int(entry)
        except (OSError, KeyError):
            pass
    return found


@pytest.mark.full
@pytest.mark.skipif(not OPENMPI, reason="the option is Open MPI's")
def test_lost_worker(trireme, tmp_path):
    """A worker is killed in the middle: its curves alone are lost, stated, and run again."""
    process = start(3, HARD, "--sieve", 0, "--digits", 25, "--seed", 2, "--journal", "run.j", cwd=tmp_path,
                    launcher=("--enable-recovery",))
    wait_for(lambda: (tmp_path / "run.j").exists() and (tmp_path / "run.j").stat().st_size > 500 and
             len(workers(process.pid)) == 3, process)
    os.kill(workers(process.pid)[2], signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == 0 and "is lost" in err, err
    assert "were lost with their workers and ran again" in err, err
    assert out == "%d: %d %d\n" % (HARD, P20, P30)


@pytest.mark.parametrize("number", [full("10^71-1"), full("(10^20+39)*(10^24+7)*(10^13+37)^2")])
def test_larger(trireme, number):
    """A Cunningham number with a factor of 30 digits; the sieve and curves at the same time."""
    r = trireme(RANKS, "factor", number, "--json")
    product = 1
    for f in factors(r):
        product *= f
    assert product == eval(number.replace("^", "**")) and r.json["complete"] == 1


def smallest_factors(first, end):
    least = list(range(end))
    for p in range(2, int(end**0.5) + 1):
        if least[p] == p:
            for n in range(p * p, end, p):
                if least[n] == n:
                    least[n] = p
    return least[first:]


def test_range(trireme, tmp_path):
    h5py = pytest.importorskip("h5py")
    sums = set()
    for ranks in (0, RANKS):
        r = trireme(ranks, "factor", "--range", "0:50021", "--out", "f.h5:/factor", "--memory", "32Ki",
                    "--threads", 2, "--replace", "--json", "--results", "none")
        assert r.json["results"]["primes"]["value"] == 5133
        sums.add(r.json["results"]["checksum"])
        with h5py.File(tmp_path / "f.h5") as f:
            assert list(f["factor"][:]) == smallest_factors(0, 50021) and f.attrs["first"] == 0
    assert len(sums) == 1


@pytest.mark.full
def test_ranges(trireme):
    """Short ones, and large numbers."""
    for range_, primes in (("7:7", 0), ("0:1", 0), ("1:2", 0), ("2:3", 1), ("0:9", 4)):
        r = trireme(RANKS, "factor", "--range", range_, "--verify", "--json", "--results", "none")
        assert r.json["results"]["primes"]["value"] == primes
    # Near 10^12, where a chunk is larger than a piece, against another method.
    r = trireme(0, "factor", "--range", "999999990000:1e12", "--out", "g.h5:/g", "--verify", "--json",
                "--threads", 2)
    assert r.json["results"]["primes"]["value"] == 337


def test_options(trireme):
    """Every option of --help is in this file."""
    with open(__file__) as file:
        text = file.read()
    for words in ((), ("--range", "0:1")):
        help_ = trireme(0, "factor", *words, "--help").out.split("\nCommon options:")[0]
        own = set(re.findall(r"^  --([a-z0-9-]+)", help_, re.M)) - {"help", "version", "man", "completion"}
        assert len(own) >= 4 and not [o for o in own if f'"--{o}' not in text]
