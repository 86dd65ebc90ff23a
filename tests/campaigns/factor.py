#!/usr/bin/env python3
"""factor.py FACTOR [SECONDS [NUMBERS]]: factor and its peers on semiprimes of 20 to 60 digits, in one run.

Of each size NUMBERS (3) products of two primes of half the digits: median of the wall time, and in brackets
of the processor time, in seconds. Peers: factor of coreutils, ecm (one curve after the other, levels of
its table) and gp of PARI. A program that has used SECONDS (60) of processor time is ended, and left out for
larger numbers."""
import random
import resource
import statistics
import subprocess
import sys
import time

FACTOR = sys.argv[1]
LIMIT, NUMBERS = (int(word) for word in (sys.argv[2:] + ["60", "3"][len(sys.argv) - 2:]))


def is_prime(n):
    return all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37))


def prime(chance, digits):
    while True:
        n = chance.randrange(3 * 10**(digits - 1) + 1, 10**digits) | 1
        if is_prime(n):
            return n


def measure(command, text):
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    out = subprocess.run(["sh", "-c", f'ulimit -t {LIMIT}; exec "$@"', "sh", *command], input=text,
                         capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begin, cpu_s, out


def main():
    chance = random.Random(20)
    programs = {
        "factor, 1 slot": lambda n: ([FACTOR, str(n), "--slots", "1", "--quiet"], ""),
        "factor, 2 slots": lambda n: ([FACTOR, str(n), "--slots", "2", "--quiet"], ""),
        "coreutils": lambda n: (["factor", str(n)], ""),
        "ecm": lambda n: (["sh", "-c", "for b in 2000:30 11000:90 50000:240 250000:500; do "
                           f"echo {n} | ecm -q -one -c ${{b#*:}} ${{b%:*}}; "
                           "case $? in 0|8) ;; *) break;; esac; done"], ""),
        "PARI": lambda n: (["gp", "-q", "-f"], f"print(factorint({n}))\n"),
    }
    slow = set()
    print("| digits | " + " | ".join(programs) + " |\n|---|" + "---|" * len(programs))
    for digits in range(20, 61, 5):
        pairs = [(prime(chance, digits // 2), prime(chance, digits - digits // 2)) for _ in range(NUMBERS)]
        cells = []
        for name, command in programs.items():
            if name in slow:
                cells.append("")
                continue
            runs = [measure(*command(p * q)) for p, q in pairs]
            right = all(str(p) in out or str(q) in out for (p, q), (_, _, out) in zip(pairs, runs))
            wall_s, cpu_s = (statistics.median(run[k] for run in runs) for k in (0, 1))
            if not right:
                slow.add(name)
            cells.append(f"{wall_s:.2f} ({cpu_s:.2f})" if right else f"> ({LIMIT})")
        print(f"| {digits} | " + " | ".join(cells) + " |", flush=True)


main()
