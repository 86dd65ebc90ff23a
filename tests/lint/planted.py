#!/usr/bin/env python3
"""Plants one fault for each check of lint.py in a small tree: the check must find it, and must find nothing
in the tree without it."""
import os
import shutil
import subprocess
import sys
import tempfile

import lint

GOOD = {
    "include/trireme/sum.h":
        "#ifndef SUM\n#define SUM\n#include <stddef.h>\nsize_t tri_sum(void);\n#endif\n",
    "base/sum.c": '#include "trireme/sum.h"\n\nsize_t tri_sum(void) {\n    return 1;\n}\n',
    "collectives/algorithms/algorithms.def": "X(bcast, linear)\n",
    "collectives/algorithms/bcast_linear.c":
        "int bcast_linear(void);\nint bcast_linear(void) {\n    return 0;\n}\n",
    "mpi/shared.h": "#ifndef SHARED\n#define SHARED\nstruct tri_place {\n    int x;\n};\n#endif\n",
    "base/circle.c": "int f(void);\nint g(void);\nint g(void) {\n    return f();\n}\n",
    "jobs/go.sh": "#!/bin/sh\necho go\n",
    "doc/a.md": "[sum](../base/sum.c)\n",
    "README.md": "A program:\n\n```c\nint x;\n```\n",
    "examples/allreduce.c": "int x;\n",
}
# (check, file, its new content)
FAULTS = [
    ("includes", "base/sum.c", "#include <mpi.h>\n"),
    ("includes", "base/sum.c", "#include <zlib.h>\n"),
    ("includes", "base/sum.c",
     '#include "trireme/bcast_linear.h"\n#include "collectives/engine/engine.h"\n'),
    ("includes", "apps/run.c", '#include "base/inside.h"\n'),
    ("includes", "include/trireme/stray.h", ""),
    ("symbols", "base/sum.c",
     "int MPI_Barrier(int);\nint f(void);\nint f(void) { return MPI_Barrier(0); }\n"),
    ("symbols", "base/sum.c", "int clFinish(int);\nint f(void);\nint f(void) { return clFinish(0); }\n"),
    ("includes", "collectives/cost/model.c", '#include "collectives/engine/engine.h"\n'),
    ("includes", "collectives/algorithms/bcast_linear.c", "#include <mpi.h>\n"),
    ("includes", "collectives/cost/model.c", '#include "mpi/comm.h"\n'),
    ("includes", "apps/reduce/reduce.c", '#include "apps/heat/output.h"\n'),
    ("includes", "apps/driver/main.c", '#include "apps/reduce/input.h"\n'),
    ("circles", "base/sum.c", "int g(void);\nint f(void);\nint f(void) { return g(); }\n"),
    ("columns", "jobs/go.sh", "#!/bin/sh\n# " + "long " * 30 + "\n"),
    ("tags", "base/sum.c", "struct tri_place {\n    int x;\n};\n"),
    ("symbols", "collectives/algorithms/bcast_linear.c",
     "int MPI_Type_size(int);\nint f(void);\nint f(void) { return MPI_Type_size(0); }\n"),
    ("sizes", "base/sum.c", "int x;\n" * (lint.LINES_AT_MOST + 1)),
    ("sizes", "base/sum.c", "int f(void) {\n" + "    f();\n" * lint.FUNCTION_AT_MOST + "}\n"),
    ("open", "base/sum.c", "/* TO" + "DO */\n"),
    ("links", "doc/a.md", "[sum](../base/nothing.c)\n"),
    ("snippets", "README.md", "```c\nint y;\n```\n"),
    ("snippets", "README.md", "no program\n"),
    ("format", "base/sum.c", "int   x ;\n"),
    ("shell", "jobs/go.sh", "#!/bin/sh\necho $1\n"),
    ("headers", "include/trireme/sum.h", "size_t tri_sum(void);\n"),
    ("headers", "include/trireme/sum.h", "int class;\n"),
]


def plant(root, changes):
    for path, text in {**GOOD, **changes}.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as stream:
            stream.write(text)
    shutil.copy(os.path.join(os.path.dirname(__file__), "../../.clang-format"), root)


def compile_objects(root):
    for path in lint.files(root, ".c"):
        folder = path.split("/")[0]
        out = os.path.join(root, "build", "CMakeFiles", f"trireme_{folder}.dir", path + ".o")
        os.makedirs(os.path.dirname(out), exist_ok=True)
        command = ["cc", "-c", "-I", os.path.join(root, "include"), os.path.join(root, path), "-o", out]
        subprocess.run(command, check=True)


def finds(check, changes):
    """The status of one check over a tree with these changes, and what it prints."""
    with tempfile.TemporaryDirectory() as root:
        plant(root, changes)
        arguments = [root]
        if check in ("symbols", "circles"):
            compile_objects(root)
            arguments.append(os.path.join(root, "build"))
        command = [sys.executable, lint.__file__, check, *arguments]
        run = subprocess.run(command, capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr


def main():
    failures = []
    for check in lint.CHECKS:
        status, text = finds(check, {})
        if status not in (0, 77):
            failures.append(f"{check} on a tree without faults: {status}\n{text}")
    for check, path, content in FAULTS:
        status, text = finds(check, {path: content})
        if status not in (1, 77) or (status == 1 and path.split("/")[-1] not in text):
            failures.append(f"{check} did not find {content!r} in {path}: {status}\n{text}")
    without = set(lint.CHECKS) - {check for check, _, _ in FAULTS}
    if without:
        failures.append(f"no fault is planted for {', '.join(sorted(without))}")
    print("\n".join(failures) or f"{len(FAULTS)} planted faults found")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
