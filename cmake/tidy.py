#!/usr/bin/env python3
"""tidy.py BUILD ROOT [FILE...]: clang-tidy over all sources that BUILD compiles, or over these files.

The checks are those of .clang-tidy. Exits 1 with the findings; 77 where there is no clang-tidy of the
version that the tree uses.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

AT_ONCE = 8  # files of one process


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.split(":")[0])
    build, root = (os.path.realpath(path) for path in sys.argv[1:3])
    tool = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout if tool else ""
    if "version 14." not in version:
        print("skipped: no clang-tidy 14")
        return 77
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as stream:
        compiled = {os.path.realpath(os.path.join(each["directory"], each["file"]))
                    for each in json.load(stream)}
    only = {os.path.realpath(path) for path in sys.argv[3:]}
    sources = sorted(path for path in compiled if path.startswith(root + os.sep) and
                     not path.startswith(build + os.sep) and (not only or path in only))

    def check(paths):
        done = subprocess.run([tool, "--quiet", "-p", build, *paths], capture_output=True, text=True)
        # What is not about a finding, such as a command that cannot be run, is on stderr.
        return done.stdout + (done.stderr if done.returncode and not done.stdout else "")

    found = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        chunks = [sources[i:i + AT_ONCE] for i in range(0, len(sources), AT_ONCE)]
        for text in pool.map(check, chunks):
            # A header's finding comes with each file that includes it.
            for part in re.split(r"\n(?=/\S+:\d+:\d+: (?:error|warning):)", text):
                if part.strip() and part not in found:
                    found.add(part)
                    print(part.replace(root + os.sep, ""), flush=True)
    print(f"{len(sources)} sources, {len(found)} findings")
    return 1 if found or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
