#!/usr/bin/env python3
"""lint.py CHECK ROOT [ARGUMENT...]: one check over the source tree.

Prints what is wrong, one line each as file:line: text, and exits 1; exits 77 where the tool for it is not here. The
walls between the folders are those of doc/design.md; they are checked twice, over what is included (includes) and over
what the objects call (symbols).
"""
import os
import re
import shutil
import subprocess
import sys

# folder: (folders of ours, foreign libraries) that it may use
WALLS = {
    "base": ((), ()),
    "mpi": (("base",), ("mpi",)),
    "collectives": (("base", "mpi"), ("mpi",)),
    "threads": (("base",), ("pthread",)),
    "place": (("base",), ("hwloc",)),
    "gpu": (("base", "mpi", "collectives"), ("opencl",)),
    "store": (("base", "mpi"), ("hdf5",)),
    "apps": (("base", "mpi", "collectives", "threads", "place", "gpu", "store"), ("json", "zlib")),
}
# folders whose private headers others may include
PRIVATE_FOR = {"mpi": ("collectives",), "base": ("gpu",)}
FOREIGN_HEADERS = {
    "mpi": r"mpi(o|-ext)?\.h",
    "pthread": r"(pthread|semaphore|threads)\.h",
    "hwloc": r"hwloc(\.h|/.*)",
    "opencl": r"CL/.*",
    "hdf5": r"(hdf5|hdf5_hl|H5.*)\.h",
    "json": r"jansson\.h",
    "zlib": r"z(lib|conf)\.h",
}
FOREIGN_SYMBOLS = {
    "mpi": r"P?MPI_",
    "pthread": r"(pthread|sem|thrd|mtx|cnd)_",
    "hwloc": r"hwloc_",
    "opencl": r"cl[A-Z]",
    "hdf5": r"H5",
    "json": r"json_",
    "zlib": r"(crc32|adler32|inflate|deflate|compress|uncompress)",
}
# The C library: the headers of C11, of POSIX, and of Linux.
SYSTEM_HEADERS = re.compile(
    r"(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|stdarg|stdatomic"
    r"|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|tgmath|time|uchar|wchar|wctype"
    r"|dirent|dlfcn|fcntl|getopt|glob|ifaddrs|langinfo|libgen|link|netdb|poll|pwd|sched|spawn|syslog|termios|unistd|utime"
    r"|malloc|features|mntent|\w*mmintrin|cpuid|(arpa|linux|net|netinet|sys)/.*)\.h")
# MPI calls of a folder that may include mpi.h for its types but not call it freely (doc/design.md, section 2).
MPI_CALLS = {
    "collectives": r"MPI_(Reduce_local|Type_\w+|Op_\w+|(Wait|Test)(all|any)?|(Unp|P)ack|Bcast)",
    "store": r"$.",
    "gpu": r"$.",
    "apps": r"MPI_(Init_thread|Initialized|Finalized?|Abort|Wtime|Query_thread|Get_library_version|Get_version)",
}
# Programs that show MPI itself: the lesson and the peer that is measured.
MPI_PROGRAMS = {"p2p.c", "bench_mpi.c"}
# Public headers that do not have the name of a file in their folder.
HEADER_FOLDER = {"net": "collectives"}

LINES, LINES_AT_MOST = 400, 500
FUNCTION, FUNCTION_AT_MOST = 60, 90


def files(root, *suffixes):
    """Paths below root, relative to it, that end so; build folders and hidden ones left out."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(d for d in below if not d.startswith((".", "build")) and d != "results")
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.relpath(os.path.join(folder, name), root)


def lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as stream:
        return stream.read().splitlines()


def header_folder(root, header):
    """The folder that a public header belongs to: the one with its name or with a source file of its name."""
    name = header[len("trireme/"):-2]
    if name in HEADER_FOLDER:
        return HEADER_FOLDER[name]
    for folder in WALLS:
        if name == folder or os.path.exists(os.path.join(root, folder, name + ".c")):
            return folder
    return None


def check_includes(root):
    """Who includes whom."""
    for path in files(root, ".c", ".h", ".inc"):
        folder = path.split(os.sep)[0]
        if folder == "include":
            folder = header_folder(root, path[len("include/"):])
            if folder is None:
                if path != "include/trireme/trireme.h":
                    yield f"{path}:1: which folder does it belong to? Name it like a source file, or in HEADER_FOLDER"
                continue
        if folder not in WALLS:
            continue
        ours, foreign = WALLS[folder]
        for number, line in enumerate(lines(root, path), 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not found:
                continue
            header = found.group(2)
            library = next((l for l, pattern in FOREIGN_HEADERS.items() if re.fullmatch(pattern, header)), None)
            if library:
                if library not in foreign and not (library == "mpi" and os.path.basename(path) in MPI_PROGRAMS):
                    yield f"{path}:{number}: {folder}/ may not use {library} ({header})"
            elif found.group(1) == "<":
                if not SYSTEM_HEADERS.fullmatch(header):
                    yield f"{path}:{number}: <{header}> belongs to no library that {folder}/ may use"
            else:
                public = header.startswith("trireme/")
                if public and header == "trireme/trireme.h":
                    if folder != "apps":
                        yield f"{path}:{number}: the library includes its headers one by one"
                    continue
                owner = header_folder(root, header) if public else (header.split("/")[0] if "/" in header else folder)
                if public and owner is None:
                    continue  # said for the header itself
                private = not public and owner != folder and folder not in PRIVATE_FOR.get(owner, ())
                if private or (owner != folder and owner not in ours):
                    yield f"{path}:{number}: {folder}/ may not include {header}"


def algorithm_objects(root):
    """Names of the files that hold one algorithm each, from the list."""
    path = os.path.join("collectives", "algorithms.def")
    if not os.path.exists(os.path.join(root, path)):
        return set()
    pairs = re.findall(r"^\s*X\((\w+),\s*(\w+)", "\n".join(lines(root, path)), re.M)
    return {f"{operation}_{name}.c" for operation, name in pairs}


def check_symbols(root, build):
    """What the objects of each folder call."""
    algorithms = algorithm_objects(root)
    objects = [o for o in files(build, ".o")
               if re.search(r"(^|/)CMakeFiles/(trireme_\w+\.dir/\w+|\w+\.dir)/", o) and "CMakeTmp" not in o]
    seen = 0
    for path in objects:
        library = re.search(r"CMakeFiles/trireme_(\w+)\.dir/", path)
        folder = library.group(1) if library else ("apps" if path.startswith("apps/") else None)
        if folder not in WALLS:
            continue
        seen += 1
        name = os.path.basename(path)[:-2]
        foreign = WALLS[folder][1]
        undefined = subprocess.run(["nm", "-u", os.path.join(build, path)], check=True, capture_output=True, text=True)
        for symbol in re.findall(r"^\s*[Uw] (\w+)", undefined.stdout, re.M):
            called = next((l for l, pattern in FOREIGN_SYMBOLS.items() if re.match(pattern, symbol)), None)
            if called is None or (folder == "apps" and name in MPI_PROGRAMS):
                continue
            if called == "mpi" and folder in MPI_CALLS:
                allowed = folder != "collectives" or name not in algorithms
                if not (allowed and re.fullmatch(MPI_CALLS[folder], symbol)):
                    yield f"{path}:1: {folder}/{name} may not call {symbol}"
            elif called not in foreign:
                yield f"{path}:1: {folder}/{name} may not call {symbol}"
    if not seen:
        yield f"{build}:1: no objects: build first"


def functions(text):
    """(first line, length) of the functions of a C file that clang-format has laid out."""
    start = None
    for number, line in enumerate(text, 1):
        if start is None and line.endswith("{") and "(" in line and "=" not in line and re.match(r"\w", line):
            start = number
        elif start is not None and line.startswith("}"):
            yield start, number - start + 1
            start = None


def check_sizes(root):
    """Files and functions above the usual size are printed; far above is an error."""
    for path in files(root, ".c", ".h", ".inc", ".cl", ".py", ".sh", ".sbatch", ".cmake", "CMakeLists.txt"):
        text = lines(root, path)
        sizes = [(1, len(text), "file", LINES, LINES_AT_MOST)]
        if path.endswith((".c", ".h", ".inc", ".cl")):
            sizes += [(at, length, "function", FUNCTION, FUNCTION_AT_MOST) for at, length in functions(text)]
        for at, length, what, usual, at_most in sizes:
            if length > at_most:
                yield f"{path}:{at}: {what} of {length} lines; the most is {at_most}"
            elif length > usual:
                print(f"{path}:{at}: note: {what} of {length} lines; about {usual} is usual")


def check_open(root):
    """Nothing is left open."""
    for path in files(root, ".c", ".h", ".inc", ".cl", ".def", ".py", ".sh", ".sbatch", ".cmake", ".txt", ".md"):
        if path == os.path.join("tests", "lint", "lint.py"):
            continue
        for number, line in enumerate(lines(root, path), 1):
            found = re.search(r"\b(TODO|FIXME|XXX|HACK)\b|not implemented|placeholder", line)
            if found:
                yield f"{path}:{number}: {found.group(0)}"


def check_links(root):
    """What the documents point to is there."""
    for path in files(root, ".md"):
        for number, line in enumerate(lines(root, path), 1):
            for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", line):
                if not os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                    yield f"{path}:{number}: there is no {target}"


def tool(name, version=None):
    """Ends with 77 where the tool is not here in the version that the tree is kept with."""
    if shutil.which(name):
        if version is None or version in subprocess.run([name, "--version"], capture_output=True, text=True).stdout:
            return
    print(f"skipped: no {name} {version or ''}")
    sys.exit(77)


def check_format(root):
    """The layout is clang-format's; another version of it lays some lines out otherwise."""
    tool("clang-format", "version 14.")
    sources = list(files(root, ".c", ".h"))
    result = subprocess.run(["clang-format", "--dry-run", *sources], cwd=root, capture_output=True, text=True)
    yield from re.findall(r"^\S+:\d+:\d+: \w+: .*", result.stderr, re.M)


def check_shell(root):
    """Scripts are clean."""
    tool("shellcheck")
    scripts = [p for p in files(root, "") if p.endswith((".sh", ".sbatch"))
               or (os.access(os.path.join(root, p), os.X_OK) and re.match(r"#!.*\b(sh|bash|dash)\b", lines(root, p)[0]))]
    scripts += [p for p in [".ci/run"] if os.path.exists(os.path.join(root, p))]
    result = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", "-f", "gcc", *scripts], cwd=root,
                            capture_output=True, text=True)
    yield from (result.stdout + result.stderr).splitlines()


def check_headers(root, *options):
    """Each public header compiles by itself, and twice, as C99, C11 and C++17."""
    for compiler, language, standard in (("cc", "c", "c99"), ("cc", "c", "c11"), ("c++", "c++", "c++17")):
        if not shutil.which(compiler):
            print(f"no {compiler}: not tried as {standard}")
            continue
        for path in files(os.path.join(root, "include"), ".h"):
            result = subprocess.run(
                [compiler, "-x", language, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                 f"-I{root}/include", *options, "-"],
                input=f'#include "{path}"\n' * 2, capture_output=True, text=True)
            if result.returncode:
                yield f"include/{path}:1: does not compile by itself as {standard}\n{result.stderr}"


CHECKS = {name[len("check_"):]: check for name, check in globals().items() if name.startswith("check_")}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: lint.py {'|'.join(CHECKS)} ROOT [ARGUMENT...]")
    found = list(CHECKS[sys.argv[1]](*sys.argv[2:]))
    print("\n".join(found) if found else f"{sys.argv[1]}: nothing found")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
