#!/usr/bin/env python3
"""cost.py MEASURE ALGORITHMS.DEF [OPERATION:NAME...]: what every algorithm says it costs is what it costs.

In networks where one thing alone takes time, the stated price of each message algorithm must be the simulated time:
latencies, overheads, bytes, bytes through a node's link. SimGrid adds 16 bytes to each message; as many messages as the
price has overheads are allowed for, from each rank of a node. Prints a line for each deviation and a last line; exits 1 if there was any.
"""
import re
import sys

from platforms import exact
from simulate import simulate

BLOCKS = {"scatter", "gather", "allgather", "alltoall"}
OPERATIONS = BLOCKS | {"barrier", "bcast", "reduce", "allreduce"}
SMALL, MESSAGE_EXTRA = 8, 16
# Prices that are exact where all messages cost alike; how many of them cross nodes they do not know exactly.
SHAPES = [(n, 1) for n in range(2, 17)] + [(64, 1)] + [(n, 4) for n in (1, 2, 3, 4, 16)]


def sizes(operation, only):
    if operation == "barrier":
        return [1]
    if only in ("latency", "latency_between", "overhead"):
        return [SMALL, 4000] if operation not in BLOCKS else [SMALL, 1000]
    return [1 << 16] if operation in BLOCKS else [1 << 20]


def networks(per_node):
    return ("latency", "overhead", "bytes") + (("latency_between", "link") if per_node > 1 else ())


def deviations(program, algorithms, nodes, per_node):
    """(cells compared, lines that tell of the wrong ones)."""
    compared, lines, overheads = 0, [], {}
    for only in networks(per_node):
        machine = exact(nodes, per_node, only)
        cells = [(o, a, size) for o, a in algorithms for size in sizes(o, only)]
        for (operation, name, size), (time, predicted, _) in simulate(program, machine, cells).items():
            if time == "cannot":
                continue
            compared += 1
            if only == "overhead":
                overheads[operation, name] = max(predicted, overheads.get((operation, name), 0))
            slack = 1e-3 + 1e-6 * predicted
            if only in ("bytes", "link"):
                slack += MESSAGE_EXTRA * 1e-3 * per_node * overheads[operation, name]
            if time == "wrong" or abs(time - predicted) > slack:
                lines.append(f"{operation}:{name} {size} B, {nodes} nodes x {per_node}, {only} only: "
                             f"price {predicted:g}, simulated {time if time == 'wrong' else f'{time:g}'}")
    return compared, lines


def main():
    program, listed, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(listed, encoding="utf-8") as stream:
        algorithms = re.findall(r"^\s*X\((\w+),\s*(\w+)\)", stream.read(), re.M)
    algorithms = [(o, a) for o, a in algorithms if o in OPERATIONS and (not wanted or f"{o}:{a}" in wanted)]
    compared, wrong = 0, 0
    for nodes, per_node in SHAPES:
        more, lines = deviations(program, algorithms, nodes, per_node)
        compared += more
        wrong += len(lines)
        print("\n".join(lines), end="\n" if lines else "", flush=True)
    print(f"{len(algorithms)} algorithms, {compared} prices compared, {wrong} deviate")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
