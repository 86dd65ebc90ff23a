"""The public interface as the compiler reads it: functions, data, types, enumerators."""
import os
import re
import subprocess


def preprocessed(include, compiler, options):
    """The text of the headers below include/trireme/, macros expanded, without what they include."""
    folder = os.path.join(include, "trireme")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".h"))
    headers = "".join(f'#include "trireme/{name}"\n' for name in names)
    run = subprocess.run([compiler, "-E", "-x", "c", f"-I{include}", *options, "-"], input=headers,
                         capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr)
    kept, ours = [], False
    for line in run.stdout.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = os.path.dirname(os.path.abspath(marker.group(1))) == os.path.abspath(folder)
        elif ours:
            kept.append(line)
    return "\n".join(kept)


def without_attributes(text):
    while "__attribute__" in text:
        start = text.index("__attribute__")
        end, depth = text.index("(", start), 0
        while True:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
            if not depth:
                break
        text = text[:start] + text[end:]
    return text


def statements(text):
    """What ends with a semicolon outside braces and parentheses, in one line each."""
    start, depth = 0, 0
    for at, letter in enumerate(text):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(letter, 0)
        if letter == ";" and not depth:
            yield " ".join(text[start:at].split())
            start = at + 1


def members(body, before=""):
    """Designators of the members of a struct's body; those of an array of structs for its first element."""
    for member in statements(body):
        inner = re.fullmatch(r"struct \{(.*)\} (\w+)(\[.*\])?", member)
        if inner:
            yield from members(inner.group(1), f"{before}{inner.group(2)}{'[0]' if inner.group(3) else ''}.")
            continue
        for name in re.sub(r"\[[^]]*\]", "", member).split(","):
            yield before + re.search(r"(\w+)\s*$", name).group(1)


class Interface:
    def __init__(self, include, compiler="cc", options=()):
        self.functions, self.data, self.types, self.enumerators, self.structs = {}, {}, [], [], {}
        for text in statements(without_attributes(preprocessed(include, compiler, options))):
            enum = re.fullmatch(r"(?:typedef )?enum(?: \w+)? \{(.*)\}(?: \w+)?", text)
            struct = re.fullmatch(r"typedef struct \w+ \{(.*)\} (\w+)", text)
            function = re.fullmatch(r"(?!typedef|struct|enum)[\w ]+[ *](\w+)\s*\(.*\)", text)
            datum = re.fullmatch(r"extern [\w ]+[ *](\w+)(\[\w*\])*", text)
            if enum:
                for part in re.sub(r"\([^()]*\)", "", enum.group(1)).split(","):
                    if part.strip():
                        self.enumerators.append(part.split("=")[0].strip())
            elif struct:
                self.structs[struct.group(2)] = list(members(struct.group(1)))
            elif datum:
                self.data[datum.group(1)] = text
            elif function:
                self.functions[function.group(1)] = text
            elif text.startswith("typedef") and "{" not in text:
                self.types.append(text)
            else:
                raise SystemExit(f"a declaration of an unknown kind: {text}")
