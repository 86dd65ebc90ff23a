#!/usr/bin/env python3
"""mutate.py ROOT LIBRARY MPICC LAUNCHER [--ranks N,...] [--each N] [OPERATION:NAME|FILE...]

Faults that the tests of the collectives must find. Plants one at a time in each algorithm's file (wrong
peer, address, length or root, missing wait, swapped operands), links the file before the library and runs
the test for this algorithm alone. A fault is caught where the test fails, crashes or hangs. In a file that
algorithms share (FILE: engine/run, ...; see SHARED) the faults are a bound that is off by one, a missing
call and the like, and the test runs for algorithms that use the file. Prints a table and the faults that
were not caught; exits 1 where there is one. The tree is not changed. A file that delegates its call to
another algorithm has no place for a fault.
"""
import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile

# (kind, pattern, replacement): one mutant for each match in the code of the body.
KINDS = [
    ("peer", r"(tri_do_(?:send|recv)\((?:[^;]*), )((?:[^,;()]|\([^;()]*\)|\((?:[^;()]|\([^;()]*\))*\))+)"
     r"\)\)?;", "peer"),
    ("place", r"(tri_do_(?:recv|send|combine)\(&?\w+, )"
     r"((?:[^,;()]|\((?:[^;()]|\((?:[^;()]|\([^;()]*\))*\))*\))+)(, )", r"\1tri_unit(c, \2, 1)\3"),
    ("operands", r"tri_do_combine\((\w+), ((?:[^,;()]|\((?:[^;()]|\([^;()]*\))*\))+), "
     r"((?:[^,;()]|\((?:[^;()]|\([^;()]*\))*\))+), ((?:[^,;()]|\((?:[^;()]|\([^;()]*\))*\))+)\)",
     r"(tri_do_combine(\1, \3, (void *)(\2), \4))"),
    ("wait", r"TRI_TRY\(tri_do_wait\(c\)\);", ";"),
    ("root", r"(call\.root = )([^=;]+);", r"\1(\2) + 1;"),
    ("buffer", r"((?:call\.|up->|down->)(?:send|recv) = )([^=;]+);", r"\1tri_unit(c, \2, 1);"),
    ("count", r"((?:call\.|up->|down->)count = )([^=;]+);", r"\1(\2) / 2;"),
    ("order", r"by_local : by_node|by_node : by_local", "by_node : by_node"),
]

# For files that algorithms share: everywhere but in the functions of the choice.
COMMON = [
    ("less", r" < (?!0)", " <= "),
    ("one", r" ([+-]) 1\b(?!\))", r" \1 0"),
    ("call", r"(?<=[;{})\n])( *)(?:if \([^;{}]*\) )?TRI_TRY\([^;]*\);", r"\1;"),
    ("store", r"\n( +)(?:(?:s|now|part|stage\[i\])\.|(?:s|plan|r|call|stage|e)->)[\w\[\].>-]+ = [^;]*;",
     r"\n\1;"),
    ("not", r"if \((?!!)([^;{}]*?)\)(?= \w| \{|\n)", r"if (!(\1))"),
]

# The files that algorithms share, without ".c": the test, and the algorithms that it runs for.
SHARED = {
    "engine/run": ("collectives", ["allreduce:multilane", "bcast:hierarchical"]),
    "engine/stages": ("collectives", ["allreduce:multilane", "allreduce:node_aware", "gather:hierarchical"]),
    "graphs/circulant": ("collectives", ["bcast:circulant", "reduce:circulant"]),
    "algorithms/common/slots": ("collectives", ["allreduce:shared_single", "reduce:shared_single",
                                                "allreduce:shared", "reduce_scatter:shared_single",
                                                "allgather:shared_single", "allreduce:hierarchical"]),
    "algorithms/reduce_scatter_shared": ("collectives", ["reduce_scatter:shared"]),
    "algorithms/reduce_scatter_shared_single": ("collectives", ["reduce_scatter:shared_single"]),
    "network/load": ("network", [""]),
    "engine/exact": ("exact", [""]),
    "engine/sparse": ("sparse", [""]),
    "engine/pending": ("requests", [""]),
    "engine/neighbour": ("neighbours", [""]),
    "engine/neighbour_calls": ("neighbours", [""]),
    "engine/neighbour_combine": ("neighbours", [""]),
}

# Faults without an effect that a caller could see: all of a kind in a file, or the n-th of them.
HARMLESS = {
    ("barrier:dissemination", "place"): "a barrier's byte is never read",
    ("barrier:tree", "place"): "a barrier's byte is never read",
    ("barrier:hierarchical", "buffer"): "a barrier's byte is never read",
    ("allgather:multilane", "buffer"): "what is received one unit later is sent from there",
    ("allreduce:reduce_bcast", "root"): "rank 1 replaces rank 0 in both stages",
    ("allreduce:recursive_doubling", "wait"): "it receives in place, but so small a message has left",
    ("bcast:split_tree", "wait", 1): "the root has all it sends; the wait only limits the messages in flight",
    ("alltoall:linear", "wait"): "with few ranks all messages fit one window, and a wait follows",
}


def peer_mutant(found):
    """The last argument of a send or a receive, one rank on."""
    text = found.group(0)
    call = re.search(r"tri_do_(?:send|recv)\(", text).end()
    depth, commas, at = 1, [], call
    for i in range(call, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 1 and text[i] == ",":
            commas.append(i)
        if depth == 0:
            at = i
            break
    return f"{text[:commas[-1] + 1]} (({text[commas[-1] + 1:at].strip()}) + 1) % c->size{text[at:]}"


def is_of_the_choice(source, at):
    """Whether the line belongs to the choice (cost, parameters, cases), which tests/sim covers."""
    function = re.findall(r"^\w.*$", source[:at], re.M)[-1]
    return re.search(r"tri_cost|tri_parameters|int can\(|tri_algorithm \w+ =", function)


def mutants(source, kinds):
    """(kind, line, text of the file with the fault)."""
    start = source.index('#include "')
    for kind, pattern, replacement in kinds:
        for found in re.finditer(pattern, source[start:]):
            if kinds is COMMON and is_of_the_choice(source, start + found.start()):
                continue
            new = peer_mutant(found) if kind == "peer" else found.expand(replacement)
            first, last = start + found.start(), start + found.end()
            yield kind, source.count("\n", 0, first) + 1, source[:first] + new + source[last:]


class Bench:
    def __init__(self, arguments, folder):
        self.root, self.library = os.path.abspath(arguments.root), os.path.abspath(arguments.library)
        self.mpicc, self.launcher = arguments.mpicc, arguments.launcher
        self.ranks = [int(n) for n in arguments.ranks.split(",")]
        self.folder, self.seconds = folder, arguments.seconds
        sources = {"collectives": ("collectives", "move_trials", "combine_trials"), "network": ("network",),
                   **{name: (name,) for name in ("exact", "neighbours", "requests", "sparse")}}
        self.objects = {test: [self.compile(os.path.join(self.root, "tests/collectives", f"{name}.c"), name)
                               for name in names] for test, names in sources.items()}

    def compile(self, source, name):
        out = os.path.join(self.folder, name + ".o")
        folders = [f"-I{self.root}{folder}" for folder in ("", "/tests", "/include")]
        done = subprocess.run([self.mpicc, "-c", "-O1", "-std=c11", "-D_GNU_SOURCE", "-w", *folders, source,
                               "-o", out], capture_output=True, check=False)
        return None if done.returncode else out

    def caught(self, text, test, algorithms):
        """How the test ends with this text as the file: a word, or None where it passes."""
        source = os.path.join(self.folder, "mutant.c")
        with open(source, "w", encoding="utf-8") as stream:
            stream.write(text)
        mutant, program = self.compile(source, "mutant"), os.path.join(self.folder, "mutant")
        if not mutant:
            return "uncompiled"
        subprocess.run([self.mpicc, *self.objects[test], mutant, self.library, "-lm", "-pthread",
                        "-o", program], check=True)
        for ranks, algorithm in itertools.product(self.ranks, algorithms):
            try:
                done = subprocess.run([os.path.join(self.root, "jobs/run.sh"), self.launcher, str(ranks),
                                       program, *([algorithm] if algorithm else [])],
                                      capture_output=True, timeout=self.seconds, check=False)
            except subprocess.TimeoutExpired:
                return "hangs"
            if done.returncode:
                return "wrong" if b"checks," in done.stdout + done.stderr else "dies"
        return None


def main():
    parser = argparse.ArgumentParser()
    for name in ("root", "library", "mpicc", "launcher"):
        parser.add_argument(name)
    parser.add_argument("--ranks", default="8,7")
    parser.add_argument("--seconds", type=int, default=40, help="a test that takes longer counts as hanging")
    parser.add_argument("--each", type=int, default=0, help="at most N faults of each kind in a file; 0: all")
    parser.add_argument("only", nargs="*")
    arguments = parser.parse_intermixed_args()
    algorithms_def = os.path.join(arguments.root, "collectives/algorithms/algorithms.def")
    with open(algorithms_def, encoding="utf-8") as stream:
        listed = re.findall(r"^X\((\w+), (\w+)\)", stream.read(), re.M)
    all_caught = True
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, folder)
        rows = [(f"{operation}:{name}", f"algorithms/{operation}_{name}", KINDS, "collectives",
                 [f"{operation}:{name}"]) for operation, name in listed]
        rows += [(name, name, COMMON, test, algorithms) for name, (test, algorithms) in SHARED.items()]
        for title, name, kinds, test, algorithms in rows:
            if arguments.only and title not in arguments.only:
                continue
            with open(os.path.join(arguments.root, "collectives", f"{name}.c"), encoding="utf-8") as stream:
                source = stream.read()
            seen, ends, missed = {}, {}, []
            for kind, line, text in mutants(source, kinds):
                seen[kind] = seen.get(kind, 0) + 1
                if arguments.each and seen[kind] > arguments.each:
                    continue
                if (title, kind) in HARMLESS or (title, kind, seen[kind]) in HARMLESS:
                    continue
                end = bench.caught(text, test, algorithms)
                if end == "uncompiled":
                    continue
                ends[end] = ends.get(end, 0) + 1
                if end is None:
                    missed.append(f"{kind} at line {line}")
            planted = sum(ends.values())
            found = planted - ends.get(None, 0)
            print(f"{title:34} {planted:3} planted {found:3} caught  " +
                  ", ".join(f"{count} {end}" for end, count in ends.items() if end) +
                  (f"   NOT: {'; '.join(missed)}" if missed else ""), flush=True)
            delegates = ".run(c, &" in source
            all_caught = all_caught and not missed and (planted > 0 or delegates)
    return 0 if all_caught else 1


if __name__ == "__main__":
    sys.exit(main())
