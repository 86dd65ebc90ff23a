"""apps/trireme: becomes the program that its first word names."""
import re
import shutil
import subprocess

import pytest

from conftest import BUILD

PROGRAMS = ("accept alltoall bcast bench boost doctor factor gather heat image list map p2p pool profile "
            "reduce report scatter show tune watch").split()
for optional in ("factor", "image", "pool"):
    if not (BUILD / "apps" / optional).exists():
        PROGRAMS.remove(optional)


@pytest.fixture
def tree(tmp_path):
    """An installed tree of its own, with a program `probe`, a helper, and things that are no programs."""
    programs = tmp_path / "a b" / "libexec" / "trireme"
    (tmp_path / "a b" / "bin").mkdir(parents=True)
    (programs / "folder").mkdir(parents=True)
    command = shutil.copy(BUILD / "apps" / "trireme", tmp_path / "a b" / "bin")
    for name in ("list", "probe", "probe-helper", "note"):
        (programs / name).write_text('#!/bin/bash\necho "$0 $$ $#"\nfor word; do echo "[$word]"; done\n'
                                     'case $1 in --help) echo "${0##*/}: a test";; esac\neval "$1"\n')
        (programs / name).chmod(0o644 if name == "note" else 0o755)
    link = tmp_path / "link"
    link.symlink_to(command)
    return link, programs


@pytest.mark.parametrize("shell, status", [("exit 75", 75), ("kill -KILL $$", -9), ("kill -TERM $$", -15)])
def test_becomes_the_program(tree, shell, status):
    """The process is the same, so signals reach the program, and its end is the command's."""
    command, programs = tree
    child = subprocess.Popen([command, "probe", shell, "two words", "", "--help"], stdout=subprocess.PIPE,
                             text=True)
    out = child.communicate()[0].splitlines()
    assert child.returncode == status
    assert out == [f"{programs}/probe {child.pid} 4", f"[{shell}]", "[two words]", "[]", "[--help]"]


def test_names(tree):
    command, programs = tree
    for word in ("probe-helper", "note", "folder", "trireme", "..", "../trireme/probe", "nothing"):
        done = subprocess.run([command, word], capture_output=True, text=True)
        assert done.returncode == 2 and not done.stdout
        assert done.stderr == (f"trireme: there is no program '{word}'; there are list, probe; "
                               "trireme --help describes them\n")
    done = subprocess.run([command, "a\nb"], capture_output=True, text=True)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    done = subprocess.run([command, "prob"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is no program 'prob'; did you mean probe? There are list, probe;" in done.stderr
    done = subprocess.run([command], capture_output=True, text=True)
    assert done.returncode == 2 and "a program is missing; there are list, probe;" in done.stderr
    (programs / "list").write_text("#!/bin/sh\nexit 127\n")
    done = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert done.returncode == 3 and not done.stdout
    assert done.stderr == (f"trireme: the programs in {programs} do not start: "
                           "trireme doctor finds the cause\n")
    (programs / "list").unlink()
    done = subprocess.run([command, "probe"], capture_output=True, text=True)
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1 and "install it again" in done.stderr


def test_of_this_build(trireme):
    r = trireme(0, "trireme", "--help")
    assert r.status == 0 and re.findall(r"^  (\w+) ", r.out, re.M) == PROGRAMS
    assert trireme(0, "trireme", "-h").out == trireme(0, "trireme", "help").out == r.out
    assert re.search("^  reduce +computes statistics", r.out, re.M)
    assert all(len(line) <= 112 for line in r.out.splitlines())
    assert trireme(0, "trireme", "help", "bench", "sum").out == trireme(0, "bench", "sum", "--help").out
    assert trireme(0, "trireme", "help", "reduce").out == trireme(0, "reduce", "--help").out
    r = trireme(0, "trireme", "reduce", "--verfy")
    assert r.status == 2 and "unknown option '--verfy'; did you mean --verify?" in r.err
    r = trireme(0, "trireme", "help", "redcue")
    assert r.status == 2 and "did you mean reduce?" in r.err


def test_manual(trireme):
    page = trireme(0, "trireme", "--man").out
    assert page.startswith(".TH TRIREME 1 ") and all(f"trireme\\-{name} (1)" in page for name in PROGRAMS)
    assert re.findall(r"^\.SH (.*)", page, re.M) == ["NAME", "SYNOPSIS", "PROGRAMS", "OPTIONS", "EXAMPLES",
                                                     "ENVIRONMENT", "EXIT STATUS", "SEE ALSO"]


def test_behind_mpirun(trireme):
    """Behind a launcher it is the program, and one rank answers for the command itself."""
    r = trireme(3, "trireme", "reduce", "no-such-file.h5:/x")
    assert r.status == 4 and len(r.err.splitlines()) == 1 and r.err.startswith("reduce: [rank ")
    r = trireme(3, "trireme", "reduc")
    assert r.status == 2 and len(r.err.splitlines()) == 1 and "did you mean reduce?" in r.err
    r = trireme(2, "trireme", "reduce", "--count", "1e3", "--results", "none")
    assert r.status == 0 and re.search("^count +1000$", r.out, re.M) and "2 ranks on 1 node" in r.out


@pytest.mark.parametrize("program", [("trireme",), ("reduce",), ("bench",), ("bench", "sum")], ids=" ".join)
def test_version(trireme, program):
    """It names the libraries below, and the files that are loaded."""
    r = trireme(0, *program, "--version")
    lines = r.out.splitlines()
    assert r.status == 0 and re.match(rf"{'-'.join(program)} \(trireme \S+, commit \S+\)$", lines[0])
    assert re.match(r"  MPI +\S.* /\S+$", lines[1])
    for line, name in zip(lines[2:5], ("HDF5", "hwloc", "OpenCL")):
        assert re.match(rf"  {name} +(not in this build|(\d+\.\d+\.\d+ )? */\S+)$", line), line
    assert re.match("  SIMD +(plain|avx2|avx512)$", lines[5]) and len(lines) == 6


COMPLETION = """
{before}
source {script}
go() {{
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    local name
    name=$(complete -p "${{1##*/}}" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    "$name" "$1" "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
    echo "${{COMPREPLY[*]}}"
}}
"""


def test_completion(trireme, tmp_path):
    """In bash, alone and behind launchers, whose own completion is kept."""
    script = tmp_path / "completion"
    script.write_text(trireme(0, "trireme", "--completion").out)
    (tmp_path / "bin").mkdir()
    for launcher in ("mpirun", "srun"):
        (tmp_path / "bin" / launcher).write_text("")
        (tmp_path / "bin" / launcher).chmod(0o755)
    command = BUILD / "apps" / "trireme"
    cases = [
        (f"{command} hea", "heat"),
        (f"{command} help sc", "scatter"),
        (f"{command} reduce --verb", "--verbose"),
        (f"mpirun -np 4 {command} reduce --ver", "--verify --verbose --version"),
        (f"mpirun -np 4 {command} reduce --sum e", "exact"),
        (f"/usr/bin/srun -n 64 --mpi=pmix {command} bench ov", "overlap"),
        (f"srun {command} bench sum --distribution w", "wide"),
        (f"srun {command} bench sum --verb", "--verbose"),
        (f"srun {command} bench nothing --ver", ""),
        ("mpirun -n", "of mpirun: -n"),
        ("srun -n", ""),
    ]
    before = 'PATH=$PWD/bin:$PATH\n_own() { COMPREPLY=("of $1: $2"); }\ncomplete -F _own mpirun'
    text = COMPLETION.format(script=script, before=before)
    done = subprocess.run(["bash", "--norc", "-c", text + "".join(f"go {words}\n" for words, _ in cases)],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == [answer for _, answer in cases] and not done.stderr
