#!/usr/bin/env python3
"""document.py LIST ROOT [--write]: compares doc/algorithms.md with the list of algorithms.

The page consists of the list (LIST is apps/list, called with --markdown) and of the cost that each
algorithm's file states in its head. Exits 1 where the page differs; --write updates it.
"""
import os
import re
import subprocess
import sys

HEAD = """# The collective algorithms

`tests/collectives/document.py build/apps/list . --write` makes this page from the list of algorithms and
the heads of their files; a test compares them.

Each algorithm is one file, which begins with a picture of its rounds, its source and its cost. `./list
--ranks 1024 --ppn 16` shows the choice for each size; `--algorithm bcast:binomial` or `TRIREME_ALGORITHM`
selects an algorithm by name (several with commas). How to add one:
[adding-an-algorithm.md](adding-an-algorithm.md).

p is the number of ranks; a cost is that of the critical path. The best algorithm is chosen for each stage
of a composed algorithm, so *the sum of both* stands for the best ones. `shared` and `shared_single` are for
ranks of one node.
"""


def cost(root, operation, name):
    """The text after 'Cost:' in the head of an algorithm's file, as one line."""
    path = os.path.join(root, "collectives/algorithms", f"{operation}_{name}.c")
    with open(path, encoding="utf-8") as stream:
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
            file = f"../collectives/algorithms/{operation}_{name}.c"
            out.append(f"| [{name}]({file}) | {row.group(2)} | {cost(root, operation, name)} |")
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
          "doc/algorithms.md differs from the list: tests/collectives/document.py build/apps/list . --write")
    return 0 if same and text.count("\n|") > 20 else 1


if __name__ == "__main__":
    sys.exit(main())
