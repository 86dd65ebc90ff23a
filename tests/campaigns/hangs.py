#!/usr/bin/python3
"""Programs that hang, and programs that do not, under watch. Right: a hang is named in the first line of the
report, with the right places, and ends with status 86; no word about a right program. Every case on 2 ranks
and more, again and again until --count cases are done; --after is that of watch."""
import re
import shutil
import sys

from campaign import SOURCE, campaign, options

sys.path.insert(0, str(SOURCE / "tests" / "preload"))
from hangs import HANGS, UNPROVEN, first_line, wrong_places  # noqa: E402

PARSER = options(__doc__, 200)
PARSER.add_argument("--after", default="3s", help="seconds until a rank is looked at")
ARGUMENTS = PARSER.parse_args()
PROGRAMS = ARGUMENTS.build / "tests" / "preload"
CALM = re.findall(r"X\((\w+)\)", (SOURCE / "tests/preload/calm.c").read_text().split("#define CASES(X)")[1])
KINDS = ["hang", "right program", "unproven"]
CASES = [(kind, name) for kind, names in zip(KINDS, (HANGS, CALM, UNPROVEN)) for name in names]


def one(case):
    number = int(case.seed.split(":")[1])
    kind, name = CASES[number % len(CASES)]
    ranks = [2, 3, 5, 8][number // len(CASES) % 4]
    ranks = min(ranks, max(ARGUMENTS.most_ranks, 2))
    program = "calm" if kind == "right program" else "hang"
    shutil.copy(PROGRAMS / f"preload_{program}", case.folder / program)
    words = ["--after", ARGUMENTS.after]
    if kind == "unproven":
        words += ["--quiet-for", "5s"]
    command = case.command(ranks, "watch", *words, case.folder / program, name)
    if kind == "unproven":
        command = ["timeout", "20", *command]
    status = case.end(case.start(command))
    text, reasons = case.text(), []
    line = first_line(text)
    case.statuses.append(str(status))
    plain = re.sub(r" at \S+( \(\w+\))?", " ", line)
    if kind == "hang":
        if not line:
            reasons.append("not told")
        elif not re.search(HANGS[name], plain):
            reasons.append(f"told: {line}")
        reasons += wrong_places(line)
        if status != 86:
            reasons.append(f"status {status}")
    elif kind == "right program":
        if status or line:
            reasons.append(f"status {status}, told: {line}")
    elif status == 86 or (line and "no proof" not in line):
        reasons.append(f"status {status}, told: {line}")
    left = case.left()
    if left and kind != "unproven":
        reasons.append(f"left processes: {', '.join(left.values())}")
    return kind, f"{name} on {ranks} ranks: {' '.join(map(str, command))}", reasons


sys.exit(campaign(ARGUMENTS, KINDS, one))
