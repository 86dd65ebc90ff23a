#!/usr/bin/env python3
"""scale.py MEASURE [--machines NAME,...] [--operations NAME,...] [--most BYTES] [--limit S]
[--golden FILE | --write FILE]: compares our choice with the selectors of other libraries.

Measures tri_... calls on the cells of peers.csv and prints, for each cell, the bound, our simulated time
and the chosen algorithm, the best of the four selectors, and the two ratios; then geometric means and the
cells in which the best selector is faster. --golden compares our times with a file and exits 1 on any
difference, so that every change of a schedule or of the choice shows. --write writes such a file. --limit
simulates each cell separately and skips those that take longer.
"""
import argparse
import csv
import math
import os
import subprocess
import sys

import peers
from bound import bound_us
from platforms import machine
from simulate import simulate

GOLDEN = ("machine", "operation", "bytes", "us", "algorithm")


def times_of(program, name, wanted, limit_s):
    if not limit_s:
        return simulate(program, machine(name), wanted) if wanted else {}
    times = {}
    for cell in wanted:
        try:
            times |= simulate(program, machine(name), [cell], timeout=limit_s)
        except subprocess.TimeoutExpired:
            print(f"{name} {cell[0]} {cell[2]} is skipped: it takes more than {limit_s} s", flush=True)
    return times


def measure(program, names, operations, most, limit_s):
    """One row per cell, with all its data."""
    found = []
    for name in names:
        cells = [r for r in peers.rows() if r["machine"] == name and int(r["bytes"]) <= most
                 and (not operations or r["operation"] in operations)]
        wanted = [(r["operation"], "choice", int(r["bytes"])) for r in cells]
        times = times_of(program, name, wanted, limit_s)
        for row, key in zip(cells, wanted):
            if key not in times:
                continue
            time, predicted, chosen = times[key]
            theirs = {s: float(row[s]) for s in peers.SELECTORS if row[s]}
            found.append({"machine": name, "operation": key[0], "bytes": key[2], "us": time,
                          "predicted": predicted, "algorithm": chosen,
                          "bound": bound_us(machine(name), key[0], key[2]), "peers": theirs})
    return found


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def print_cells(rows):
    print(f"{'machine':9} {'operation':10} {'bytes':>9} {'bound':>9} {'ours':>9} {'best peer':>9} {'peer':9} "
          f"{'x peer':>6} {'x bound':>7} {'predicted':>9} algorithm")
    for r in rows:
        peer = min(r["peers"], key=r["peers"].get)
        print(f"{r['machine']:9} {r['operation']:10} {r['bytes']:9} {r['bound']:9.2f} {r['us']:9.2f} "
              f"{r['peers'][peer]:9.2f} {peer:9} {r['peers'][peer] / r['us']:6.2f} "
              f"{r['us'] / r['bound']:7.2f} "
              f"{r['predicted']:9.2f} {r['algorithm']}")


def print_means(rows):
    def line(what, some):
        alone = "  ".join(f"{s} {mean([r['peers'][s] / r['us'] for r in some if s in r['peers']]):.2f}"
                          for s in peers.SELECTORS)
        best = mean([min(r["peers"].values()) / r["us"] for r in some])
        print(f"{what:12} {len(some):3} cells  {alone}  best of four {best:.2f}  above the bound "
              f"{mean([r['us'] / r['bound'] for r in some]):.2f}")

    print("\nhow many times as fast as each selector (geometric means)")
    line("all", rows)
    for what, which in (("one a node", False), ("multi-core", True)):
        some = [r for r in rows if (max(machine(r["machine"]).ranks_of) > 1) == which]
        if some:
            line(what, some)
    for operation in sorted({r["operation"] for r in rows}):
        line(operation, [r for r in rows if r["operation"] == operation])
    behind = [r for r in rows if r["us"] > 1.02 * min(r["peers"].values())]
    print(f"\nmore than 2 % slower than the best selector in {len(behind)} cells")


def as_golden(rows):
    return [[r["machine"], r["operation"], str(r["bytes"]), f"{r['us']:.4f}", r["algorithm"]] for r in rows]


def compare(rows, path):
    with open(path, encoding="ascii") as stream:
        golden = list(csv.reader(line for line in stream if not line.startswith("#")))[1:]
    ours = as_golden(rows)
    different = [(g, o) for g, o in zip(golden, ours) if g != o]
    for g, o in different:
        print(f"was {','.join(g)}; is {','.join(o)}")
    if len(golden) != len(ours):
        print(f"{len(golden)} cells in {path}, {len(ours)} measured")
    print(f"{len(ours)} cells compared, {len(different)} differ")
    return 1 if different or not ours or len(golden) != len(ours) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--machines", default="flat64,ft64,mc4x16,uneven5x16,flat256,ft256,mc16x16")
    parser.add_argument("--operations", help="these alone")
    parser.add_argument("--most", type=int, default=1 << 62, help="bytes of the largest cells")
    parser.add_argument("--limit", type=float, help="seconds for the simulation of a cell")
    parser.add_argument("--golden", help="compare with this file")
    parser.add_argument("--write", help="write such a file")
    args = parser.parse_args()
    operations = args.operations and args.operations.split(",")
    rows = measure(args.program, args.machines.split(","), operations, args.most,
                   args.limit)
    wrong = [r for r in rows if not isinstance(r["us"], float)]
    for r in wrong:
        print(f"{r['machine']} {r['operation']} {r['bytes']} by {r['algorithm']}: {r['us']} data")
    if wrong:
        return 1
    if args.golden:
        return compare(rows, args.golden)
    if args.write:
        with open(args.write, "w", encoding="ascii") as stream:
            stream.write("# Simulated microseconds of our choice, compared exactly by the test sim.scale; "
                         "scale.py --write\n")
            csv.writer(stream, lineterminator="\n").writerows([GOLDEN] + as_golden(rows))
    print_cells(rows)
    print_means(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
