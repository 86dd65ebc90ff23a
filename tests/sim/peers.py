#!/usr/bin/env python3
"""peers.py MEASURE [MACHINE...]: prints the times of SMPI's selectors on the cells of peers.csv.

Without a machine: all of them, which takes hours with 1024 ranks; peers.csv has fewer cells there. A
selector that gives wrong data or does not end within LIMIT_S has no time.
"""
import csv
import os
import subprocess
import sys

from platforms import machine
from simulate import simulate

HERE = os.path.dirname(os.path.abspath(__file__))
SELECTORS = ("ompi", "mpich", "mvapich2", "impi")
LIMIT_S = 600
TITLE = """# Simulated microseconds of the collectives of SMPI (SimGrid 3.32) with the selectors of four MPI
# libraries. Written by peers.py. Bytes are of the vector, or of one block. Empty: not run, or wrong data.
"""


def rows(path=os.path.join(HERE, "peers.csv")):
    with open(path, encoding="ascii") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def time_of(program, name, operation, size, selector):
    try:
        found = simulate(program, machine(name), [(operation, "mpi", size)], selector, timeout=LIMIT_S)
    except (RuntimeError, subprocess.TimeoutExpired):
        return ""
    time = found[operation, "mpi", size][0]
    return "" if time == "wrong" else f"{time:.2f}"


def main():
    program, wanted = sys.argv[1], sys.argv[2:]
    out = csv.writer(sys.stdout, lineterminator="\n")
    print(TITLE + ",".join(("machine", "operation", "bytes") + SELECTORS))
    for row in rows():
        if wanted and row["machine"] not in wanted:
            continue
        cell = (row["machine"], row["operation"], int(row["bytes"]))
        out.writerow(cell + tuple(time_of(program, *cell, selector) for selector in SELECTORS))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
