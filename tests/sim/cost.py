#!/usr/bin/env python3
"""cost.py MEASURE ALGORITHMS.DEF [OPERATION:NAME...]: compares stated costs with simulated times.

In networks with a single nonzero term (latencies, overheads, bytes, bytes through a node's link), the
stated cost of each message algorithm must equal the simulated time. SimGrid adds 16 bytes to each message,
which is allowed for. LOOSE lists the algorithms whose costs are estimates in some networks, the reason, and
the factor by which they may deviate; deviations are printed. Exits 1 if any other cost deviates, or one of
these by more.
"""
import re
import sys

from platforms import exact
from simulate import EAGER, simulate

BLOCKS = {"scatter", "gather", "allgather", "alltoall"}
OPERATIONS = BLOCKS | {"barrier", "bcast", "reduce", "allreduce"}
MESSAGE_EXTRA, SMALLEST_PIECE = 16, 512
STEP = "the cost assumes that ranks proceed in step", 2
CROSS = "the contention of its messages on a link is estimated", 2
PIECES = "the resources shared by overlapping stages are estimated", 1.06
LOOSE = {"bcast:circulant": STEP, "reduce:circulant": STEP, "bcast:split_tree": CROSS,
         "allreduce:hierarchical": PIECES, "allreduce:multilane": PIECES}
SHAPES = [(n, 1) for n in range(2, 17)] + [(64, 1)] + [(n, 4) for n in (1, 2, 3, 4, 16)]


def sizes(operation, only):
    if operation == "barrier":
        return [1]
    if only in ("latency", "overhead"):
        return [8, 100] if operation in BLOCKS else [1024, 4096]
    return [1 << 16] if operation in BLOCKS else [1 << 20]


def networks(per_node):
    return ("latency", "overhead", "bytes") + (("link",) if per_node > 1 else ())


def deviations(program, algorithms, nodes, per_node):
    """(costs compared, lines about those that deviate, number of failures)."""
    compared, wrong, lines, overheads = 0, 0, [], {}
    for only in networks(per_node):
        machine = exact(nodes, per_node, only)
        # Messages that no rank waits for would all be in flight at once.
        eager = 0 if only in ("bytes", "link") else EAGER
        cells = [(o, a, size) for o, a in algorithms for size in sizes(o, only)]
        results = simulate(program, machine, cells, eager=eager)
        for (operation, name, size), (time, predicted, _) in results.items():
            if time == "cannot":
                continue
            compared += 1
            if only == "overhead":
                overheads[operation, name] = max(predicted, overheads.get((operation, name), 0))
            slack = 1e-3 + 1e-6 * predicted
            if only in ("bytes", "link"):
                slack += MESSAGE_EXTRA * 1e-3 * per_node * max(overheads[operation, name], 2 * machine.ranks)
                slack += predicted * MESSAGE_EXTRA / SMALLEST_PIECE
            if time == "wrong" or abs(time - predicted) > slack:
                reason, most = LOOSE.get(f"{operation}:{name}", ("", 1))
                loose = time != "wrong" and max(time, predicted) <= most * min(time, predicted) + slack
                wrong += not loose
                lines.append(f"{operation}:{name} {size} B, {nodes} nodes x {per_node}, {only} only: "
                             f"cost {predicted:g}, simulated {time if time == 'wrong' else f'{time:g}'}"
                             f"{f' ({reason})' if loose else ''}")
    return compared, wrong, lines


def main():
    program, listed, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(listed, encoding="utf-8") as stream:
        algorithms = re.findall(r"^\s*X\((\w+),\s*(\w+)\)", stream.read(), re.M)
    algorithms = [(o, a) for o, a in algorithms if o in OPERATIONS and (not wanted or f"{o}:{a}" in wanted)]
    compared, deviate, wrong = 0, 0, 0
    for nodes, per_node in SHAPES:
        more, bad, lines = deviations(program, algorithms, nodes, per_node)
        compared += more
        wrong += bad
        deviate += len(lines)
        print("\n".join(lines), end="\n" if lines else "", flush=True)
    print(f"{len(algorithms)} algorithms, {compared} costs compared, {deviate} deviate, {wrong} failed")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
