"""What the tests of programs share: starting one on some ranks, with a limit on its time as a guard against
hanging."""
import json
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ["TRIREME_BUILD"])
LAUNCHER = os.environ["TRIREME_LAUNCHER"]


def without_compiling(text):
    """Standard error without the line about the first use of a device, which depends on the cache of kernels."""
    return re.sub(r"^\S+: compiling kernels for '.*' \(once\)\n", "", text, flags=re.MULTILINE)


def pytest_configure(config):
    config.addinivalue_line("markers", "full: not in the default set (doc/testing.md)")


def full(*values):
    """Parameters of a test that are not in the default set."""
    return pytest.param(*values, marks=pytest.mark.full)


def on_ranks(cases, ranks, always=lambda arguments: False):
    """Cases (arguments, status, ...) of bad input, each with its number of ranks in front. The first of each
    status, and where `always` is true of the arguments, is tried on `ranks` ranks; the others without a
    launcher, those that open files also on `ranks` ranks in the full set. How ranks agree does not depend on
    what is wrong."""
    seen = set()
    for arguments, status, *rest in cases:
        name = " ".join(arguments)[:80]
        if status not in seen or always(arguments):
            yield pytest.param(ranks, arguments, status, *rest, id=name)
        else:
            yield pytest.param(0, arguments, status, *rest, id=name)
            if status != 2:
                yield pytest.param(ranks, arguments, status, *rest, id=f"{name} np{ranks}",
                                   marks=pytest.mark.full)
        seen.add(status)


class Outcome:
    def __init__(self, done):
        self.status, self.out, self.all_err = done.returncode, done.stdout, done.stderr
        self.err = without_compiling(done.stderr)

    @property
    def json(self):
        assert self.status == 0, self.err
        return json.loads(self.out)

    def value(self, name):
        """The bits of a result, as a hexadecimal text."""
        return self.json["results"][name]["hex"]


@pytest.fixture
def trireme(tmp_path):
    """trireme(ranks, program, argument...): runs it in an empty folder. ranks = 0: without a launcher."""

    def run(ranks, program, *arguments, wrap=(), env=None, timeout=1000):
        command = [*wrap, str(BUILD / "apps" / program), *map(str, arguments)]
        if ranks:
            command = [str(SOURCE / "jobs" / "run.sh"), LAUNCHER, str(ranks), *command]
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **(env or {})}, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return Outcome(done)

    return run


@pytest.fixture
def rank_wrapper(tmp_path):
    """rank_wrapper(rank, shell): a wrapper for the program that runs `shell` before it on one rank only."""

    def make(rank, shell):
        path = tmp_path / "wrapper.sh"
        path.write_text('#!/bin/bash\n'
                        f'if [ "${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}" = {rank} ]; then\n{shell}\nfi\n'
                        'exec "$@"\n')
        path.chmod(0o755)
        return (str(path),)

    return make
