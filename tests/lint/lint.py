#!/usr/bin/env python3
"""lint.py CHECK ROOT [ARGUMENT...]: one check over the source tree.

Prints each finding as one line, file:line: text, and exits 1; exits 77 if the tool for the check is missing.
The walls between the folders are those of doc/design.md. They are checked twice: on the #include lines
(includes) and on the symbols of the objects (symbols).
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
    "preload": (("base", "mpi", "collectives"), ("mpi", "pthread")),
    "pool": (("base", "threads"), ("event", "crypto", "mpi")),
    "apps": (("base", "mpi", "collectives", "threads", "place", "gpu", "store", "pool"),
             ("json", "zlib", "event", "crypto", "image", "gmp", "dw")),
}
# folders whose private headers others may include
PRIVATE_FOR = {"mpi": ("collectives",), "base": ("gpu", "collectives")}
# Headers of files that one folder writes and another reads: types only.
FORMATS = {"preload/profile_file.h", "preload/slot.h", "preload/kinds.h"}
FOREIGN_HEADERS = {
    "mpi": r"mpi(o|-ext)?\.h",
    "pthread": r"(pthread|semaphore|threads)\.h",
    "hwloc": r"hwloc(\.h|/.*)",
    "opencl": r"CL/.*",
    "hdf5": r"(hdf5|hdf5_hl|H5.*)\.h",
    "json": r"jansson\.h",
    "zlib": r"z(lib|conf)\.h",
    "event": r"event2/.*",
    "crypto": r"openssl/.*",
    "image": r"(png|tiffio|jpeglib)\.h",
    "gmp": r"(gmp|ecm)\.h|flint/.*",
    "dw": r"(elfutils/.*|dwarf|libelf)\.h",
}
FOREIGN_SYMBOLS = {
    "mpi": r"P?MPI_",
    "pthread": r"(pthread|sem|thrd|mtx|cnd)_",
    "hwloc": r"hwloc_",
    "opencl": r"cl[A-Z]",
    "hdf5": r"H5",
    "json": r"json_",
    "zlib": r"(crc32|adler32|inflate|deflate|compress|uncompress)",
    "event": r"(event|evbuffer|bufferevent|evconnlistener|evutil)_",
    "crypto": r"(EVP|HMAC|RAND|CRYPTO)(_|$)",
    "image": r"(png_|TIFF|jpeg_)",
    "gmp": r"(__gmpz?|ecm|flint|fmpz|n|qsieve)_",
    "dw": r"(dwfl|dwarf|elf)_",
}
# The C library: the headers of C11, of POSIX, and of Linux.
SYSTEM_HEADERS = re.compile(
    r"(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal"
    r"|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|tgmath|time"
    r"|uchar|wchar|wctype"
    r"|dirent|dlfcn|endian|fcntl|getopt|glob|ifaddrs|langinfo|libgen|link|netdb|poll|pwd|sched|search"
    r"|spawn|syslog|termios|unistd|unwind|utime|malloc|features|mntent|\w*mmintrin|cpuid"
    r"|(arpa|linux|net|netinet|sys)/.*)\.h")
# The MPI calls of folders that include mpi.h for its types (doc/design.md, "Folders").
MPI_CALLS = {
    "collectives": r"MPI_(Reduce_local|Type_\w+|Op_\w+|(Wait|Test)(all|any)?|(Unp|P)ack|Bcast)",
    "store": r"$.",
    "gpu": r"$.",
    "pool": r"MPI_(Init_thread|Initialized|Finalized?|Bcast)",  # who is where, and no more
    "apps": r"MPI_(Init_thread|Initialized|Finalized?|Abort|Wtime|Query_thread|Get_(library_)?version)",
}
# Files that may call all of MPI: they make communicators, leave calls to MPI, start a program, or show MPI
# itself (the lesson of p2p, and the MPI library that bench measures).
MPI_FILES = {"collectives/engine/comm.c", "collectives/engine/delegate.c", "collectives/engine/sparse.c",
             "apps/driver/machine.c", "apps/p2p/lesson.c", "apps/bench/mpi.c",
             "apps/common/collective_mpi.c"}
# Folders that make no MPI call at all.
NO_MPI = ("collectives/algorithms/", "collectives/graphs/", "collectives/cost/")
# Rooms inside a folder, and the rooms of the same folder that each may use.
ROOMS = {
    "collectives/algorithms": ("collectives/engine", "collectives/graphs", "collectives/cost"),
    "collectives/engine": ("collectives/network", "collectives/cost"),
    "collectives/network": ("collectives/cost",),
    "collectives/graphs": ("collectives/cost",),
    "collectives/cost": (),
    "apps/driver": (),
    "apps/common": ("apps/driver",),
}
# Programs: they use the driver and what programs share, never each other.
PROGRAM_ROOMS = ("apps/driver", "apps/common")
# Folders whose private headers a room may include, where not all of its folder may.
ROOM_PRIVATE = {"collectives/cost": (), "collectives/graphs": ()}
# Public headers that do not have the name of a file in their folder.
HEADER_FOLDER = dict.fromkeys(
    ("algorithms", "cost", "exact", "merge", "neighbour", "network", "network_file", "persistent",
     "request", "select", "sparse"),
    "collectives")
HEADER_FOLDER["sync"] = "threads"
HEADER_FOLDER["journal"] = "pool"

COLUMNS = 110  # as in .clang-format, which does not break comments
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


def first_match(patterns, match, name):
    """The first library that has a pattern for this name, or None."""
    return next((library for library, pattern in patterns.items() if match(pattern, name)), None)


def room(path):
    """The room of a file inside its folder: collectives/cost, apps/reduce; or the folder itself."""
    return "/".join(path.split("/")[:2]) if path.count("/") > 1 else path.split("/")[0]


def rooms_of(place):
    """The rooms of its own folder that a room may use besides itself."""
    return ROOMS.get(place, PROGRAM_ROOMS if place.startswith("apps/") else ())


def check_includes(root):
    """Who includes whom."""
    for path in files(root, ".c", ".h", ".inc"):
        folder = path.split(os.sep)[0]
        if folder == "include":
            folder = header_folder(root, path[len("include/"):])
            if folder is None:
                if path != "include/trireme/trireme.h":
                    yield f"{path}:1: belongs to no folder: name it like a source file, or in HEADER_FOLDER"
                continue
        if folder not in WALLS:
            continue
        ours, foreign = WALLS[folder]
        for number, line in enumerate(lines(root, path), 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not found:
                continue
            header = found.group(2)
            library = first_match(FOREIGN_HEADERS, re.fullmatch, header)
            if library:
                if (library not in foreign and not (library == "mpi" and path in MPI_FILES)) or (
                        library == "mpi" and path.startswith(NO_MPI)):
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
                if public:
                    owner = header_folder(root, header)
                else:
                    owner = header.split("/")[0] if "/" in header else folder
                if owner is None:
                    continue  # reported for the header itself
                if header in FORMATS:
                    continue
                private = not public and owner != folder and folder not in PRIVATE_FOR.get(owner, ())
                if private or (owner != folder and owner not in ours):
                    yield f"{path}:{number}: {folder}/ may not include {header}"
                elif not public and owner == folder and "/" in header and room(header) not in (
                        room(path), *rooms_of(room(path))):
                    yield f"{path}:{number}: {room(path)}/ may not include {header}"
                elif not public and owner != folder and room(path) in ROOM_PRIVATE:
                    yield f"{path}:{number}: {room(path)}/ may not include {header}"


def symbols(root, build):
    """{source: (folder, names defined, names wanted)} of the objects in a build. An object without a source
    is left over from an older build and is ignored."""
    found, at = {}, {}
    for path in files(build, ".o"):
        if "CMakeTmp" in path:
            continue
        if path.startswith("apps/"):
            folder, source = "apps", "apps/" + re.sub(r".*CMakeFiles/[\w-]+\.dir/", "", path)[:-2]
        else:
            library = re.match(r"CMakeFiles/trireme_(\w+)\.dir/", path)
            folder, source = (library.group(1), path[library.end():-2]) if library else (None, "")
        if folder in WALLS and os.path.exists(os.path.join(root, source)):
            found[source] = folder, set(), set()
            at[path] = source
    if at:
        nm = subprocess.run(["nm", "-A", *at], cwd=build, check=True, capture_output=True, text=True)
        for path, kind, name in re.findall(r"^(.*?):[0-9a-f ]* ([A-Za-z]) (\w+)$", nm.stdout, re.M):
            _, defined, wanted = found[at[path]]
            if kind in "TDRBGC" and not re.match("P?MPIX?_", name):  # the preload has MPI's names, too
                defined.add(name)
            elif kind in "Uw":
                wanted.add(name)
    return found


def check_symbols(root, build):
    """What the objects of each folder call."""
    found = symbols(root, build)
    for source, (folder, _, wanted) in found.items():
        foreign = WALLS[folder][1]
        for symbol in sorted(wanted):
            called = first_match(FOREIGN_SYMBOLS, re.match, symbol)
            if called is None or (called == "mpi" and source in MPI_FILES):
                continue
            if called == "mpi" and folder in MPI_CALLS:
                if source.startswith(NO_MPI) or not re.fullmatch(MPI_CALLS[folder], symbol):
                    yield f"{source}:1: may not call {symbol}"
            elif called not in foreign:
                yield f"{source}:1: may not call {symbol}"
    if not found:
        yield f"{build}:1: no objects: build first"


def circles(calls):
    """The groups of files that call each other in a circle (Tarjan 1972, "Depth-first search and linear
    graph algorithms")."""
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(calls[node]):
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            group = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(calls):
        if node not in number:
            visit(node)
    return found


def check_circles(root, build):
    """Calls run down only: no two files call each other, directly or by others."""
    found, owner, calls = symbols(root, build), {}, {}
    # Each program has names of its own.
    scope = {source: room(source) if source.startswith("apps/") and room(source) not in PROGRAM_ROOMS else ""
             for source in found}
    for source, (_, defined, _) in found.items():
        owner.update({(scope[source], name): source for name in defined})
    for source, (_, _, wanted) in found.items():
        others = {owner.get((scope[source], name), owner.get(("", name))) for name in wanted}
        calls[source] = others - {None, source}
    for group in circles(calls):
        yield f"{group[0]}:1: calls run in a circle: {', '.join(group)}"
    if not found:
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


def check_columns(root):
    """No line is longer than the layout says, comments and scripts included."""
    suffixes = (".c", ".h", ".inc", ".cl", ".def", ".py", ".sh", ".sbatch", ".cmake", "CMakeLists.txt")
    for path in files(root, *suffixes):
        for number, line in enumerate(lines(root, path), 1):
            if len(line) > COLUMNS:
                yield f"{path}:{number}: {len(line)} columns; the most is {COLUMNS}"


def check_tags(root):
    """A name of the library means one thing: no tag is defined in two files."""
    tags = {}
    for path in files(root, ".c", ".h"):
        if path.split(os.sep)[0] not in (*WALLS, "include"):
            continue
        for number, line in enumerate(lines(root, path), 1):
            for kind, name in re.findall(r"\b(struct|union|enum) (tri_\w+) \{", line):
                tags.setdefault(name, []).append((path, number, kind))
            for name in re.findall(r"^\} (tri_\w+);", line):
                tags.setdefault(name, []).append((path, number, None))
    for name, found in tags.items():
        places = {path for path, _, _ in found}
        if len(places) > 1 or len({kind for _, _, kind in found if kind}) > 1:
            for path, number, _ in found:
                yield f"{path}:{number}: {name} is defined in {len(places)} files"


def check_open(root):
    """Nothing is left open."""
    suffixes = (".c", ".h", ".inc", ".cl", ".def", ".py", ".sh", ".sbatch", ".cmake", ".txt", ".md")
    for path in files(root, *suffixes):
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


def check_snippets(root):
    """The program in README.md is the example, letter by letter."""
    for path, example in (("README.md", "examples/allreduce.c"),):
        text, wanted = "\n".join(lines(root, path)), "\n".join(lines(root, example))
        found = re.search(r"^```c\n(.*?)\n```$", text, re.M | re.S)
        if not found or found.group(1) != wanted:
            yield f"{path}:1: the program in C is not {example}"


def tool(name, version=None):
    """Ends with 77 where the tool is not here in the version that the tree is kept with."""
    if shutil.which(name):
        run = subprocess.run([name, "--version"], capture_output=True, text=True)
        if version is None or version in run.stdout:
            return
    print(f"skipped: no {name} {version or ''}")
    sys.exit(77)


def check_format(root):
    """The layout is clang-format's; another version of it lays some lines out otherwise."""
    tool("clang-format", "version 14.")
    sources = list(files(root, ".c", ".h"))
    command = ["clang-format", "--dry-run", *sources]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    yield from re.findall(r"^\S+:\d+:\d+: \w+: .*", result.stderr, re.M)


def is_shell(root, path):
    """Is it an executable file that a shell interprets?"""
    return (os.access(os.path.join(root, path), os.X_OK)
            and re.match(r"#!.*\b(sh|bash|dash)\b", lines(root, path)[0]))


def check_shell(root):
    """Scripts are clean."""
    tool("shellcheck")
    scripts = [p for p in files(root, "") if p.endswith((".sh", ".sbatch")) or is_shell(root, p)]
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
            command = [compiler, "-x", language, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra",
                       "-Wpedantic", "-Werror", f"-I{root}/include", *options, "-"]
            text = f'#include "{path}"\n' * 2
            result = subprocess.run(command, input=text, capture_output=True, text=True)
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
