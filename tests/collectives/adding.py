#!/usr/bin/env python3
"""adding.py ROOT LIBRARY MPICC LAUNCHER: follows doc/adding.md in a copy of the tree.

Takes the file and the line from the page, compiles that file and what reads the list, links them before the library, and
runs the test of all algorithms for the new one alone.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile


def main():
    root, library, mpicc, launcher = map(os.path.abspath, sys.argv[1:5])
    with open(os.path.join(root, "doc", "adding.md"), encoding="utf-8") as stream:
        text = stream.read()
    path = re.search(r"Write `(collectives/algorithms/\w+\.c)`", text).group(1)
    code = re.search(r"```c\n(.*?)```", text, re.S).group(1)
    line = re.search(r"```\n(X\((\w+), (\w+)\)\n)```", text)
    with tempfile.TemporaryDirectory() as copy:
        for folder in ("include", "mpi", "collectives", "tests/collectives"):
            shutil.copytree(os.path.join(root, folder), os.path.join(copy, folder))
        shutil.copy(os.path.join(root, "tests/check.h"), os.path.join(copy, "tests"))
        with open(os.path.join(copy, path), "w", encoding="utf-8") as stream:
            stream.write(code)
        with open(os.path.join(copy, "collectives/algorithms/algorithms.def"), "a", encoding="utf-8") as stream:
            stream.write(line.group(1))
        sources = [path, "collectives/algorithms/catalogue.c", *(f"tests/collectives/{name}.c" for name in
                                                 ("collectives", "move_trials", "combine_trials"))]
        program = os.path.join(copy, "collectives.new")
        subprocess.run([mpicc, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-I.", "-Iinclude", *sources,
                        library, "-lm", "-pthread", "-o", program], cwd=copy, check=True)
        for ranks in (1, 2, 5, 8):
            run = subprocess.run([os.path.join(root, "jobs/run.sh"), launcher, str(ranks), program,
                                  f"{line.group(2)}:{line.group(3)}"], capture_output=True, text=True)
            print(run.stdout + run.stderr)
            if run.returncode or run.stdout.count(" 0 failed") != ranks:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
