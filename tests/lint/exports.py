#!/usr/bin/env python3
"""exports.py LIBRARY INCLUDE [OPTION...]
    the shared library exports what the headers declare and nothing else; OPTIONs are the compiler's
exports.py --planted
    makes libraries with one fault each and expects it to be found
"""
import os
import re
import subprocess
import sys
import tempfile

from public import Interface


def differences(library, include, options=()):
    """One line for each symbol on one side only."""
    run = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True)
    exported = {line.split()[-1].split("@")[0] for line in run.stdout.splitlines()}
    # the linker's own symbols, and those of sanitizers
    exported = {name for name in exported if not re.match(r"__|(_init|_fini|_edata|_end)$", name)}
    interface = Interface(include, options=options)
    declared = set(interface.functions) | set(interface.data)
    yield from (f"{name}: exported, but no header declares it" for name in sorted(exported - declared))
    yield from (f"{name}: declared, but not exported" for name in sorted(declared - exported))


HEADER = """#define TRI_API __attribute__((visibility("default")))
typedef struct tri_pair { int a, b[2]; } tri_pair;
typedef int (*tri_call)(int);
TRI_API const char *tri_name(tri_pair pair, tri_call call);
extern TRI_API const tri_pair tri_default;
"""
SOURCE = """#include "trireme/pair.h"
const tri_pair tri_default = {1, {2, 3}};
int inside(void);
int inside(void) { return 0; }
const char *tri_name(tri_pair pair, tri_call call) { return call(pair.a + inside()) ? "a" : "b"; }
"""
# what is wrong: (header, source, text that the check must give; None: nothing)
PLANTED = {
    "nothing": (HEADER, SOURCE, None),
    "a function without TRI_API": (HEADER.replace("TRI_API const char", "const char"), SOURCE,
                                   "tri_name: declared"),
    "a datum without TRI_API": (HEADER.replace("extern TRI_API", "extern"), SOURCE,
                                "tri_default: declared"),
    "a function that is not there": (HEADER + "TRI_API int tri_more(void);\n", SOURCE, "tri_more: declared"),
    "an internal function with TRI_API": (HEADER, SOURCE.replace("int inside", "TRI_API int inside", 1),
                                          "inside: exported"),
}


def planted():
    failures = []
    for what, (header, source, expected) in PLANTED.items():
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(f"{root}/include/trireme")
            for path, text in (("include/trireme/pair.h", header), ("pair.c", source)):
                with open(f"{root}/{path}", "w", encoding="utf-8") as stream:
                    stream.write(text)
            subprocess.run(["cc", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{root}/include",
                            f"{root}/pair.c", "-o", f"{root}/libpair.so"], check=True)
            found = list(differences(f"{root}/libpair.so", f"{root}/include"))
        if len(found) != (expected is not None) or (expected and not found[0].startswith(expected)):
            failures.append(f"{what}: found {found}")
    return failures, f"{len(PLANTED) - 1} planted faults found"


def main():
    if sys.argv[1:] == ["--planted"]:
        found, good = planted()
    elif len(sys.argv) >= 3:
        found, good = list(differences(sys.argv[1], sys.argv[2], sys.argv[3:])), "exports: as declared"
    else:
        sys.exit(__doc__)
    print("\n".join(found) or good)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
