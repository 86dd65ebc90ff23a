#!/usr/bin/env python3
"""algorithm.py ROOT LIBRARY MPICC LAUNCHER: follows doc/adding-an-algorithm.md in a copy of the tree.

Takes the file and the line from the page, compiles the file and what includes the list of algorithms, links
them before the library, and runs the test of all algorithms for the new one alone.
"""
import os
import subprocess
import sys
import tempfile

import page


def main():
    root, library = map(os.path.abspath, sys.argv[1:3])
    mpicc, launcher = sys.argv[3:5]
    text = page.read(root, "doc/adding-an-algorithm.md")
    path, code = page.file(text, r"collectives/algorithms/\w+\.c")
    line = page.line(text, "collectives/algorithms/algorithms.def")
    name = line.strip()[len("X("):-1].replace(", ", ":")
    with tempfile.TemporaryDirectory() as copy:
        page.copy_tree(root, copy)
        page.write(copy, path, code)
        page.write(copy, "collectives/algorithms/algorithms.def", line, "a")
        page.laid_out(copy, path)
        tests = [f"tests/collectives/{test}.c" for test in ("collectives", "move_trials", "combine_trials")]
        program = os.path.join(copy, "collectives.new")
        subprocess.run([mpicc, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                        "-I.", "-Iinclude", "-Itests",
                        path, "collectives/algorithms/list.c", *tests, library, "-lm", "-pthread",
                        "-o", program], cwd=copy, check=True)
        for ranks in (1, 2, 5, 8):
            run = subprocess.run([os.path.join(root, "jobs/run.sh"), launcher, str(ranks), program, name],
                                 capture_output=True, text=True, timeout=120)
            print(run.stdout + run.stderr)
            if run.returncode or run.stdout.count(" 0 failed") != ranks:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
