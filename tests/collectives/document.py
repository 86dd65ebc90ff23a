#!/usr/bin/env python3
"""document.py LIST ROOT [--write]: doc/algorithms.md says what the list of algorithms says.

The page is made of the list (LIST is apps/list, called with --markdown) and of what each algorithm's file states as its
cost. Exits 1 where the page is another; --write makes it anew.
"""
import os
import re
import subprocess
import sys

HEAD = """# The collective algorithms

Made by `tests/collectives/document.py build/apps/list . --write` from the list of algorithms and the heads of their
files; a test compares them.

Each algorithm is one file, which begins with the picture of its rounds, its source and its price. `./list --ranks 1024
--ppn 16` shows what is chosen for which size; `--algorithm bcast:binomial` or `TRIREME_ALGORITHM` asks for one by name
(several with commas). How to add one: [adding.md](adding.md).

p is the number of ranks; a price is that of the critical path. Where an algorithm consists of parts, the best algorithm
is picked for each part, so *the sum of both* stands for whatever is best there. `shared` and `shared_single` are for
ranks of one node.
"""


def cost(root, operation, name):
    """What the head of an algorithm's file says behind 'Cost:', as one line."""
    with open(os.path.join(root, "collectives/algorithms", f"{operation}_{name}.c"), encoding="utf-8") as stream:
        text = stream.read()
    head = re.match(r"/\*(.*?)\*/", text, re.S)
    lines = [re.sub(r"^ \* ?", "", line).rstrip() for line in head.group(1).splitlines()] if head else []
    for i, line in enumerate(lines):
        if line.startswith("Cost"):
            words = []
            for more in lines[i:]:
                if not more:
                    break
                words.append(more.strip())
            return re.sub(r"^Cost(?:, |: )", "", " ".join(words)).replace("|", "\\|")
    return ""


def page(program, root):
    listed = subprocess.run([program, "--markdown"], capture_output=True, text=True, check=True).stdout
    out, operation = [HEAD.rstrip()], None
    for line in listed.splitlines():
        title, row = re.match(r"## (\w+)", line), re.match(r"\| `(\w+)` \| (.*) \|$", line)
        if title:
            operation = title.group(1)
            out += ["", f"## {operation}", "", "| algorithm | what the ranks do | cost |", "|---|---|---|"]
        elif row:
            name = row.group(1)
            out.append(f"| [{name}](../collectives/algorithms/{operation}_{name}.c) | {row.group(2)} | {cost(root, operation, name)} |")
    return "\n".join(out) + "\n"


def main():
    program, root = sys.argv[1:3]
    path = os.path.join(root, "doc", "algorithms.md")
    text = page(program, root)
    if sys.argv[3:] == ["--write"]:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return 0
    with open(path, encoding="utf-8") as stream:
        same = stream.read() == text
    print("doc/algorithms.md is current" if same else
          "doc/algorithms.md is not what the list says: tests/collectives/document.py build/apps/list . --write")
    return 0 if same and text.count("\n|") > 20 else 1


if __name__ == "__main__":
    sys.exit(main())
