"""What the tests of programs share: starting one on some ranks, with a limit on its time as a guard against hanging."""
import json
import os
import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ["TRIREME_BUILD"])
LAUNCHER = os.environ["TRIREME_LAUNCHER"]


# The launcher of Open MPI 5 adds one to every status that is not 0, and sometimes a line about a rank that has gone; it has no
# option against either.
BANNER = re.compile(r"^-{74}\nprterun (?:.*\n)*?-{74}\n|^\[\S+:\d+\] PMIX ERROR: PMIX_ERR_UNREACH in file .*\n", re.MULTILINE)


class Outcome:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, BANNER.sub("", done.stderr)

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

    def run(ranks, program, *arguments, wrap=(), env=None, timeout=100):
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
        path.write_text(f'#!/bin/bash\nif [ "${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}" = {rank} ]; then\n{shell}\nfi\n'
                        'exec "$@"\n')
        path.chmod(0o755)
        return (str(path),)

    return make
