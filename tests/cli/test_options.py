"""What all programs have in common: the texts made of the rows of their options, and that each option has a
test."""
import os
import pathlib
import re

import pytest

from conftest import BUILD

TESTS = pathlib.Path(__file__).resolve().parents[1]
SUBJECTS = ("sum heat collectives combine cores gpu compare choice neighbours network overlap p2p "
            "pool store threads").split()
PROGRAMS = [(name,) for name in
            "accept alltoall bcast doctor gather heat list map p2p reduce scatter tune".split()]
PROGRAMS += [("image",)] * (BUILD / "apps" / "image").exists()
PROGRAMS += [("bench", name) for name in SUBJECTS]


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_texts(trireme, program):
    help_ = trireme(0, *program, "--help").out
    options = re.findall(r"^  --([a-z0-9-]+)", help_, re.M)
    assert {"help", "man", "threads",
            "json"} <= set(options) and f"Usage: mpirun -np RANKS trireme {' '.join(program)} " in help_
    assert all(len(line) <= 120 and not line.endswith(" ") for line in help_.splitlines())
    assert trireme(0, *program, "-h").out == help_
    manual = trireme(0, *program, "--man").out.replace("\\-", "-")
    completion = trireme(0, *program, "--completion").out
    assert all(f".B --{o}" in manual and f" --{o}" in completion for o in options)
    # Examples use options that there are.
    shown = re.search(r"^\.SH EXAMPLES\n\.EX\n((?:.*\n)*?)\.EE$", manual, re.M).group(1)
    used = [set(re.findall(r" --([a-z0-9-]+)", line.split(" trireme ")[-1])) for line in shown.splitlines()]
    assert set().union(*used) <= set(options)
    assert all(f"trireme {' '.join(program)}" in line for line in shown.splitlines())
    # A word of this program's own that no test knows is an option without a test.
    own = re.findall(r"^  --([a-z0-9-]+)", help_.split("\nCommon options:")[0], re.M)
    sources = "".join(path.read_text() for path in TESTS.rglob("*") if path.suffix in (".py", ".sh", ".txt")
                      and re.search("jobs|document|" + "|".join(program), str(path.relative_to(TESTS))))
    assert not [o for o in own if not re.search(rf"--{o}\b(?!-)", sources)]


@pytest.mark.parametrize("word, text", [
    ("--verfy", "unknown option '--verfy'; did you mean --verify?"),
    ("-verify", "unknown option '-verify'; did you mean --verify?"),
    ("--jsno=1", "unknown option '--jsno=1'; did you mean --json?"),
    ("--hepl", "did you mean --help?"),
    ("--frobnicate", "unknown option '--frobnicate'; reduce --help lists them"),
    ("-x", "unknown option '-x'; reduce --help lists them"),
    ("--" + "verify" * 100, "reduce --help lists them"),
    ("--re", "option '--re' is short for several: --repeat, --results"),
])
def test_wrong_option(trireme, word, text):
    places = ((word,), ("--count", "8", word, "--quiet"), ("FILE", word))
    for words in places[:3 if word == "--verfy" else 1]:
        r = trireme(0, "reduce", *words)
        assert r.status == 2 and r.err.endswith(text + "\n") and len(r.err.splitlines()) == 1 and not r.out


def test_wrong_option_of_doctor(trireme):
    r = trireme(0, "doctor", "--timout", "3")
    assert r.status == 2 and r.err == "doctor: unknown option '--timout'; did you mean --timeout?\n"


def test_power_of_ten(trireme):
    r = trireme(0, "reduce", "--count", "1e6", "--repeat", "1e0", "--results", "none")
    assert r.status == 0 and re.search("^count +1000000$", r.out, re.M), r.err
    r = trireme(0, "reduce", "--repeat", "1e10")
    assert r.status == 2 and "--repeat: '1e10' is not a whole number between 0 and 10^9" in r.err


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_common_options(trireme, program):
    """--help shows a common option where it has an effect, and README says where that is."""
    options = set(re.findall(r"^  --([a-z0-9-]+)", trireme(0, *program, "--help").out, re.M))
    name, words = " ".join(program), (TESTS.parent / "README.md").read_text()
    sentence = re.search(r"Every parallel program has ([^.]*)\.", words)[1]
    assert set(re.findall(r"`--(\w+)`", sentence)) <= options
    computes = re.search(r"`--device`\sworks in[^(]*\(([^)]*)\)", words)[1]
    assert (f"`{name}`" in computes) == ("device" in options), name
    if "device" not in options:
        r = trireme(0, *program, "--device", "auto", *{"map": ("x",)}.get(name, ()))
        assert r.status == 2, r.err
    others = re.search(r"All but ([^.]*) have\s([^.]*)\.", words)
    assert set(re.findall(r"`--(\w+)`", others[2])) <= options or f"`{name}`" in others[1], name


def test_completion_in_bash(trireme, tmp_path):
    (tmp_path / "reduce").write_text(trireme(0, "reduce", "--completion").out)
    script = """source ./reduce
for words in "--dist" "--sum ex" "nothing"; do
    set -- $words
    COMPREPLY=()
    if [ $# = 2 ]; then _trireme_reduce reduce "$2" "$1"; else _trireme_reduce reduce "$1" reduce; fi
    echo "${COMPREPLY[*]}"
done"""
    r = trireme(0, "reduce", "--version", wrap=("bash", "-c", script))
    assert r.out.splitlines() == ["--distribution", "exact", ""] and not r.err


def test_bench_subjects(trireme):
    r = trireme(0, "bench", "--help")
    assert r.out == trireme(0, "bench", "-h").out
    assert trireme(0, "bench", "--man").out.startswith(".TH TRIREME-BENCH 1 ")
    assert "_trireme_bench_p2p()" in trireme(0, "bench", "--completion").out
    assert r.status == 0 and re.findall(r"^  (\w+) ", r.out, re.M) == SUBJECTS
    for arguments, text in (((), "a subject is missing"), (("nothing",), "no subject 'nothing'")):
        r = trireme(3, "bench", *arguments)
        assert r.status == 2 and text in r.err and len(r.err.splitlines()) == 1 and not r.out


def test_an_error_is_one_line(trireme):
    """Newlines and control characters of arguments and names are escaped."""
    for words, shown in ((("reduce", "no\nsuch\x1b[31m.h5"), "'no\\nsuch\\x1b[31m.h5'"),
                         (("reduce", "--sum", "a\nreduce: fine"), "'a\\nreduce: fine'"),
                         (("reduce", "--a\nb"), "'--a\\nb'"), (("bench", "a\nb"), "'a\\nb'"),
                         (("reduce", os.fsdecode(b"\xff.h5")), "'\\xff.h5'")):
        r = trireme(0, *words)
        assert r.status in (2, 4) and len(r.err.splitlines()) == 1 and shown in r.err, r.err


def test_table(trireme):
    """Its lines end where their words do; measured values have few digits, computed ones all bits."""
    r = trireme(2, "heat", "--points", "8x8", "--verbose", "--results", "none")
    assert r.status == 0 and not re.search(" $", r.out, re.M)
    assert re.search(r"^updates +[\d.e+]{1,12} 1/s$", r.out, re.M) and re.search(r"^sum +\S+ +0x1\.\S+$",
                                                                                 r.out, re.M)
    assert len(re.findall(r"^heat: rank [01] on ", r.err, re.M)) == 2
    name = os.uname().nodename
    assert f"rank 0 on {name}" in r.err


def test_environment(trireme):
    """doc/environment.md is the table that doctor prints; it has every variable that the sources read."""
    root = TESTS.parent
    table = trireme(0, "doctor", "--environment", "markdown").out
    assert table == (root / "doc" / "environment.md").read_text()
    assert trireme(0, "doctor", "--environment", "man").out.startswith(".TH TRIREME 7 ")
    assert "TRIREME_NETWORK" in trireme(0, "reduce", "--help").out
    used = r'getenv\("(\w+)"\)|"((?:OMPI_COMM|PMIX?|SLURM)_[A-Z_]+|MPI_LOCALNRANKS)"'
    names = set()
    for folder in "base mpi collectives threads place gpu store preload pool apps".split():
        for path in (root / folder).rglob("*.[ch]"):
            names |= {a or b for a, b in re.findall(used, path.read_text())}
    for path in (root / "jobs").glob("*.s*"):
        text = path.read_text()
        own = set(re.findall(r"(?:^|\s|;)([A-Z]\w*)=", text))
        own -= set(re.findall(r"(\w+)=\"?\$\{\w+[:-]", text))
        own |= {"PATH", "PWD", "BASH_REMATCH", "BASH_SOURCE", "ZSH_VERSION"}
        names |= set(re.findall(r"\$\{?([A-Z][A-Z0-9_]\w*)", text)) - own
    missing = [name for name in sorted(names) if f"`{name}`" not in table]
    assert len(names) > 40 and not missing
