#!/usr/bin/env python3
"""abi.py record INCLUDE SOVERSION OUT [OPTION...]
    writes the interface of the headers to a record
abi.py check LIBRARY INCLUDE SOVERSION RECORD [OPTION...]
    a program that was built for RECORD runs with LIBRARY
abi.py planted LIBRARY INCLUDE SOVERSION RECORD [OPTION...]
    each kind of change to RECORD makes the check fail

A record has a line for each public function, datum, opaque type and callback type, for the value of each
enumerator, and for the size of each public struct with the offsets and sizes of its members. The check turns
it into a C program: recorded prototypes must agree with those of the headers, recorded numbers must hold, and
the program is linked to every recorded symbol and run. Additions are allowed. OPTIONs are the compiler's.
doc/abi.md states the rule.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lint"))
from public import Interface  # noqa: E402

HEAD = "#include <stddef.h>\n#include <stdio.h>\n#include <string.h>\n#include <trireme/trireme.h>\n"
MEMBER = "sizeof ((({0} *)0)->{1})"


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def compiled(work, text, include, options, libraries=()):
    """(path of the program or None, what the compiler says)"""
    source, program = os.path.join(work, "consumer.c"), os.path.join(work, "consumer")
    with open(source, "w", encoding="utf-8") as stream:
        stream.write(text)
    made = run(["cc", f"-I{include}", *options, source, "-o", program, *libraries])
    return (None if made.returncode else program), made.stdout + made.stderr


def record(include, soversion, options):
    """The lines of a record."""
    interface = Interface(include, options=options)
    text = HEAD + "int main(void) {\n"
    for name in interface.enumerators:
        if not name.endswith("_COUNT"):  # these grow
            text += f'    printf("value {name} %lld\\n", (long long)({name}));\n'
    for name, members in sorted(interface.structs.items()):
        text += f'    printf("struct {name} %zu\\n", sizeof({name}));\n'
        for member in members:
            text += (f'    printf("member {name} {member} %zu %zu\\n", offsetof({name}, {member}), '
                     f'{MEMBER.format(name, member)});\n')
    with tempfile.TemporaryDirectory() as work:
        program, said = compiled(work, text + "}\n", include, options)
        if program is None:
            sys.exit(said)
        numbers = run([program], check=True).stdout.splitlines()
    symbols = [f"function {name} {interface.functions[name]}" for name in sorted(interface.functions)]
    symbols += [f"type {declaration}" for declaration in interface.types]
    symbols += [f"datum {name} {interface.data[name]}" for name in sorted(interface.data)]
    return [f"soversion {soversion}", *symbols, *numbers]


def consumer(lines):
    """The program that holds what is recorded."""
    text, symbols, soversion = HEAD, "", lines[0].split()[1]
    for line in lines[1:]:
        kind, rest = line.split(" ", 1)
        if kind in ("function", "datum"):
            name, declaration = rest.split(" ", 1)
            text += f"{declaration};\n"
            symbols += f"    (const void *)&{name},\n"
        elif kind == "type":
            text += f"{rest};\n"
        elif kind == "value":
            name, value = rest.split()
            text += f'_Static_assert({name} == {value}, "{name} was {value}");\n'
        elif kind == "struct":
            name, size = rest.split()
            text += f'_Static_assert(sizeof({name}) == {size}, "{name} had {size} bytes");\n'
        elif kind == "member":
            name, member, offset, size = rest.split()
            text += (f'_Static_assert(offsetof({name}, {member}) == {offset} && '
                     f'{MEMBER.format(name, member)} == {size}, '
                     f'"{name}.{member} was at {offset} with {size} bytes");\n')
        else:
            sys.exit(f"no such kind of line in a record: {line}")
    number = 'tri_version() / 10000, tri_version() / 100 % 100'
    return text + f"""static const void *volatile symbols[] = {{
{symbols}}};
int main(void) {{
    int seen = 0;
    char soversion[32];
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        seen += symbols[i] != NULL;
    if (tri_version() < 10000) snprintf(soversion, sizeof soversion, "%d.%d", {number});
    else snprintf(soversion, sizeof soversion, "%d", tri_version() / 10000);
    printf("%d symbols of libtrireme.so.%s\\n", seen, soversion);
    return strcmp(soversion, "{soversion}") != 0 || strcmp(tri_status_name(TRI_OK), "TRI_OK") != 0;
}}
"""


def check(lines, library, include, soversion, options):
    """What is wrong, and what the program printed."""
    if lines[0] != f"soversion {soversion}":
        return [f"the record is of {lines[0]}, the library of {soversion}"], ""
    with tempfile.TemporaryDirectory() as work:
        folder = os.path.dirname(os.path.abspath(library))
        program, said = compiled(work, consumer(lines), include, options, [library, f"-Wl,-rpath,{folder}"])
        if program is None:
            wrong = [line for line in said.splitlines() if "error:" in line or "undefined reference" in line]
            return wrong or [said], ""
        needed = run(["readelf", "-d", program]).stdout
        if f"[libtrireme.so.{soversion}]" not in needed:
            return [f"the program does not need libtrireme.so.{soversion}"], ""
        ran = run([program])
    return ([f"the program fails: {ran.stdout}{ran.stderr}"] if ran.returncode else []), ran.stdout


def planted(lines, *arguments):
    """Changes of each kind that the check does not find."""

    def replaced(old, new):
        return [line.replace(old, new) for line in lines]

    changes = {
        "a function vanished": lines + ["function tri_gone void tri_gone(int)"],
        "a function changed": replaced("int tri_comm_rank(const", "long tri_comm_rank(const"),
        "a callback changed": replaced("(*tri_team_work)(void *argument,", "(*tri_team_work)(int *argument,"),
        "a datum vanished": lines + ["datum tri_gone_datum extern const int tri_gone_datum"],
        "an enumerator vanished": lines + ["value TRI_GONE 3"],
        "a value changed": replaced("value TRI_ERR_MPI 10", "value TRI_ERR_MPI 11"),
        "a struct grew": replaced("struct tri_range 16", "struct tri_range 24"),
        "members changed places": replaced("member tri_range first 0", "member tri_range first 8"),
        "another SOVERSION": ["soversion 4711", *lines[1:]],
    }
    for what, changed in changes.items():
        if changed == lines:
            yield f"{what}: the record has no such line"
        elif not check(changed, *arguments)[0]:
            yield f"{what}: not found"


def main():
    if len(sys.argv) >= 5 and sys.argv[1] == "record":
        include, soversion, out = sys.argv[2:5]
        with open(out, "w", encoding="utf-8") as stream:
            stream.write("\n".join(record(include, soversion, sys.argv[5:])) + "\n")
        return
    if len(sys.argv) < 6 or sys.argv[1] not in ("check", "planted"):
        sys.exit(__doc__)
    library, include, soversion, path, *options = sys.argv[2:]
    if sys.maxsize < 2**32:
        sys.exit(77)  # records are of 64-bit machines
    if not os.path.exists(path):
        sys.exit(f"no {path}: write it with `cmake --build . --target abi-record`")
    with open(path, encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    if sys.argv[1] == "check":
        found, good = check(lines, library, include, soversion, options)
    else:
        found, good = list(planted(lines, library, include, soversion, options)), "all planted changes found"
    print("\n".join(found) or good.strip())
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
