#!/usr/bin/env python3
"""program.py ROOT BUILD LAUNCHER [PYTHON]: follows doc/adding-a-program.md in a copy of the tree.

Writes the page's files and lines, then builds the program, the driver and apps/common by the tree's own CMake
files, but takes the library from BUILD. Runs the program, and with PYTHON (which has pytest) the page's test.
"""
import json
import os
import subprocess
import sys
import tempfile

import page

# apps/ alone: the library is the one of BUILD, linked with what it needs.
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(trireme VERSION 0.0.0 LANGUAGES C)
list(APPEND CMAKE_MODULE_PATH ${{PROJECT_SOURCE_DIR}}/cmake)
include(Dependencies)
include(Settings)
foreach(kind shared static)
    # doctor alone links the static library; its libraries do not matter, since it is not built here.
    add_library(trireme_${{kind}} SHARED IMPORTED GLOBAL)
    set_target_properties(trireme_${{kind}} PROPERTIES IMPORTED_LOCATION {build}/libtrireme.so)
    target_link_libraries(trireme_${{kind}} INTERFACE MPI::MPI_C Threads::Threads m)
endforeach()
add_subdirectory(apps)
"""


def cached(build, name):
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as stream:
        return next(line.strip().split("=", 1)[1] for line in stream if line.startswith(name + ":"))


def run(command, **how):
    print("+", " ".join(command), flush=True)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200,
                          **how)
    if done.returncode:
        sys.exit(done.stdout + done.stderr + f"status {done.returncode}")
    return done.stdout


def main():
    root, build = map(os.path.abspath, sys.argv[1:3])
    launcher, python = sys.argv[3], sys.argv[4:]
    text = page.read(root, "doc/adding-a-program.md")
    source, code = page.file(text, r"apps/\w+/\w+\.c")
    test, test_code = page.file(text, r"tests/cli/\w+\.py")
    name = os.path.basename(os.path.dirname(source))
    with tempfile.TemporaryDirectory() as copy:
        page.copy_tree(root, copy)
        page.write(copy, source, code)
        page.write(copy, test, test_code)
        for lists in ("apps/CMakeLists.txt", "tests/cli/CMakeLists.txt"):
            page.write(copy, lists, page.line(text, lists), "a")
        page.write(copy, "CMakeLists.txt", PROJECT.format(build=build))
        page.laid_out(copy, source)

        built = os.path.join(copy, "build")
        same = ("CMAKE_C_COMPILER", "MPI_C_COMPILER", "MPIEXEC_EXECUTABLE")
        run(["cmake", "-S", copy, "-B", built, "-G", cached(build, "CMAKE_GENERATOR"),
             "-DCMAKE_BUILD_TYPE=Debug", "-DTRIREME_WERROR=ON",
             *(f"-D{each}={cached(build, each)}" for each in same)])
        run(["cmake", "--build", built, "--target", name])

        program = os.path.join(built, "apps", name)
        assert "--verify" in run([program, "--help"]) and run([program, "--man"]).startswith(".TH")
        results = set()
        for ranks in ("1", "2", "3"):
            launched = [os.path.join(root, "jobs/run.sh"), launcher, ranks, program]
            out = run([*launched, "--verify", "--json"], cwd=copy)
            results.add(json.dumps(json.loads(out)["results"], sort_keys=True))
        assert len(results) == 1, results
        if python:
            # The page's own test, as tests/cli/CMakeLists.txt runs it.
            run([*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
                 "--rootdir", f"{copy}/tests", "--confcutdir", f"{copy}/tests", "--basetemp", f"{copy}/tmp",
                 os.path.join(copy, test)],
                env={**os.environ, "TRIREME_BUILD": built, "TRIREME_LAUNCHER": launcher})
    return 0


if __name__ == "__main__":
    sys.exit(main())
