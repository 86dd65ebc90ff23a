"""Random expressions of apps/map against an evaluation by Python's integers and NumPy's reals, which knows
C's rules from here and not from the program."""
import os
import pathlib
import random
import subprocess

import h5py
import numpy as np
import pytest

from conftest import full

BUILD = pathlib.Path(os.environ["TRIREME_BUILD"])
# "1000:200": seeds 1000 to 1199 in place of those below.
FIRST, COUNT = map(int, os.environ.get("TRIREME_MAP_SEEDS", "1:2").split(":"))

NAMES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4", "long": "i8",
         "ulong": "u8", "float": "f4", "double": "f8"}
TYPES = list(NAMES)
ELEMENTS = 61


def whole(t):
    return NAMES[t][0] != "f"


def width(t):
    return 8 * int(NAMES[t][1])


def limits(t):
    info = np.iinfo(NAMES[t])
    return int(info.min), int(info.max)


def wrap(t, value):
    value &= 2**width(t) - 1
    return value - 2**width(t) if NAMES[t][0] == "i" and value >> (width(t) - 1) else value


def common(a, b):
    """C's usual arithmetic conversions."""
    for t in ("double", "float", "ulong", "long", "uint"):
        if t in (a, b):
            return t
    return "int"


def convert(x, to):
    """x: a type and its values, Python's integers or NumPy's reals."""
    t, values = x
    if whole(to) and whole(t):
        return to, [wrap(to, v) for v in values]
    if whole(to):
        low, high = limits(to)
        return to, [0 if np.isnan(v) else high if v >= high else low if v <= low else int(v)
                    for v in values]
    dtype = np.dtype(NAMES[to])
    if whole(t):  # correctly rounded
        return to, list(np.array(values, NAMES[t]).astype(dtype))
    return to, [dtype.type(v) for v in values]


def divide(a, b, rest):
    if b == 0:
        return 0
    q = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a - q * b if rest else q


WHOLE = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "&": lambda a, b: a & b,
         "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "/": lambda a, b: divide(a, b, False),
         "%": lambda a, b: divide(a, b, True)}
REAL = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
ORDER = {"<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b,
         ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b}
LEVEL = {"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
         "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10}
EXACT = {"sqrt": np.sqrt, "fabs": np.abs, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc,
         "rint": np.rint}


def binary(op, a, b):
    if op in ("&&", "||"):
        return "int", [int((x != 0) & (y != 0)) if op == "&&" else int((x != 0) | (y != 0))
                       for x, y in zip(a[1], b[1])]
    if op in ("<<", ">>"):
        t, values = convert(a, common(a[0], "int"))
        counts = [y % width(t) for y in b[1]]
        return t, [wrap(t, x << n if op == "<<" else x >> n) for x, n in zip(values, counts)]
    t = common(a[0], b[0])
    pairs = list(zip(convert(a, t)[1], convert(b, t)[1]))
    if op in ORDER:
        return "int", [int(ORDER[op](x, y)) for x, y in pairs]
    if whole(t):
        return t, [wrap(t, WHOLE[op](x, y)) for x, y in pairs]
    return t, [REAL[op](x, y) for x, y in pairs]


class Maker:
    """make() returns the text of an expression, the precedence of its outermost operator and its values."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.known = {}
        for t in TYPES:
            bits = np.random.default_rng([seed, TYPES.index(t)])
            if whole(t):
                low, high = limits(t)
                values = [self.random.choice((low, high, 0, 1, 2, 7, high // 2, low + 1, max(low, -1)))
                          if k % 2 else int(bits.integers(low, high, endpoint=True, dtype=NAMES[t]))
                          for k in range(ELEMENTS)]
            else:
                special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.5, 255.5, 2.0**31, -2.0**31, 2.0**63,
                           -2.0**63, 2.0**64, 1e-40, 3e38, 32767.9, -0.9]
                values = [np.dtype(NAMES[t]).type(special[k % len(special)] if k % 3 == 0 else
                                                  bits.normal() * 10.0**bits.integers(-9, 20))
                          for k in range(ELEMENTS)]
            self.known["in_" + t] = t, values
        self.known["i"] = "long", list(range(ELEMENTS))

    def leaf(self):
        kind = self.random.randrange(10)
        if kind < 7:
            name = self.random.choice(list(self.known))
            return name, 99, self.known[name]
        if kind == 7:
            value = self.random.choice(("0.5", "3.0f", "0x1p-3", "1e10", ".25f", "7."))
            t = "float" if value.endswith("f") else "double"
            number = float.fromhex(value) if "x" in value else float(value.rstrip("f"))
            return value, 99, (t, [np.dtype(NAMES[t]).type(number)] * ELEMENTS)
        text, t = self.random.choice((("0", "int"), ("1", "int"), ("2147483647", "int"),
                                      ("2147483648", "long"), ("0xffffffff", "uint"), ("7u", "uint"),
                                      ("5l", "long"), ("017", "int"),
                                      ("0x8000000000000000", "ulong"), ("3UL", "ulong")))
        value = int(text.rstrip("ulUL"), 8 if text == "017" else 0)
        return text, 99, (t, [value] * ELEMENTS)

    def part(self, depth, level):
        """An operand, in parentheses where its operator binds less than `level`."""
        text, own, x = self.make(depth - 1)
        return ("(" + text + ")" if own < level or self.random.random() < 0.1 else text), x

    def make(self, depth):
        if depth <= 0:
            return self.leaf()
        kind = self.random.randrange(12)
        if kind < 6:
            op = self.random.choice(list(LEVEL))
            left, a = self.part(depth, LEVEL[op])
            right, b = self.part(depth, LEVEL[op] + 1)
            if op in ("%", "&", "|", "^", "<<", ">>"):
                if not whole(a[0]):
                    left, a = f"(int)({left})", convert(a, "int")
                if not whole(b[0]):
                    right, b = f"(short)({right})", convert(b, "short")
            return f"{left} {op} {right}", LEVEL[op], binary(op, a, b)
        if kind == 6:
            condition, c = self.part(depth, 1)
            yes, a = self.part(depth, 0)
            no, b = self.part(depth, 0)
            t = common(a[0], b[0])
            return (f"{condition} ? {yes} : {no}", 0,
                    (t, [y if k != 0 else n for k, y, n in zip(c[1], convert(a, t)[1], convert(b, t)[1])]))
        if kind == 7:
            operand, a = self.part(depth, 11)
            op = self.random.choice("-!~+")
            if op == "!":
                return f"!{operand}", 11, ("int", [int(v == 0) for v in a[1]])
            if op == "~" and not whole(a[0]):
                op = "-"
            t, values = convert(a, common(a[0], "int"))
            if op == "~":
                values = [wrap(t, ~v) for v in values]
            elif op == "-":
                values = [wrap(t, -v) if whole(t) else -v for v in values]
            return f"{op} {operand}", 11, (t, values)
        if kind < 10:
            operand, a = self.part(depth, 11)
            t = self.random.choice(TYPES)
            return f"({t}){operand}", 11, convert(a, t)
        return self.call(depth)

    def call(self, depth):
        text, _, a = self.make(depth - 1)
        kind = self.random.randrange(5)
        if kind == 0:
            t = "float" if a[0] == "float" else "double"
            name = self.random.choice(list(EXACT))
            return f"{name}({text})", 99, (t, [EXACT[name](v) for v in convert(a, t)[1]])
        if kind == 1:
            other, _, b = self.make(depth - 1)
            t = a[0] if a[0] == b[0] else common(a[0], b[0])
            pairs = zip(convert(a, t)[1], convert(b, t)[1])
            if self.random.randrange(2):
                return f"min({text}, {other})", 99, (t, [y if y < x else x for x, y in pairs])
            return f"max({text}, {other})", 99, (t, [y if x < y else x for x, y in pairs])
        if kind == 2:
            return f"sizeof({text})", 99, ("ulong", [width(a[0]) // 8] * ELEMENTS)
        if not whole(a[0]):
            return f"isnan({text})", 99, ("int", [int(np.isnan(v)) for v in a[1]])
        t, values = a
        natural = t if t.startswith("u") else "u" + t
        name = self.random.choice(("abs", "popcount", "clz", "convert_uchar_sat", "add_sat", "rotate"))
        if name == "abs":
            return f"abs({text})", 99, (natural, [abs(v) for v in values])
        bits = [v & (2**width(t) - 1) for v in values]
        if name == "popcount":
            return f"popcount({text})", 99, (t, [bin(v).count("1") for v in bits])
        if name == "clz":
            return f"clz({text})", 99, (t, [width(t) - v.bit_length() for v in bits])
        if name == "rotate":
            return (f"rotate({text}, 3)", 99,
                    (t, [wrap(t, v << 3 | v >> (width(t) - 3)) for v in bits]))
        low, high = limits("uchar" if name == "convert_uchar_sat" else t)
        if name == "add_sat":
            return f"add_sat({text}, {text})", 99, (t, [min(max(2 * v, low), high) for v in values])
        return f"convert_uchar_sat({text})", 99, ("uchar", [min(max(v, low), high) for v in values])


@pytest.fixture(autouse=True, scope="module")
def device():
    done = subprocess.run([BUILD / "apps" / "list", "--devices"], capture_output=True, text=True,
                          timeout=1000)
    if done.returncode == 3 or "no OpenCL device" in done.stdout:
        pytest.skip("no OpenCL device")


@pytest.mark.parametrize("seed", [s if s < FIRST + COUNT else full(s)
                                  for s in range(FIRST, FIRST + COUNT + 10)])
def test_expressions(trireme, tmp_path, seed):
    with np.errstate(all="ignore"):
        maker, inputs, statements, expected = Maker(seed), [], [], {}
        with h5py.File(tmp_path / "a.h5", "w") as f:
            for name, (t, values) in maker.known.items():
                if name != "i":
                    f[name] = np.array(values, NAMES[t])
                    inputs.append(f"{name}=a.h5:/{name}")
        for k in range(16):
            text, _, x = maker.make(maker.random.randrange(1, 6))
            t = maker.random.choice(TYPES)
            x = convert(x, t)
            maker.known[f"v{k}"] = x
            statements.append(f"{t} v{k} = {text}")
            expected[f"v{k}"] = np.array(x[1], NAMES[t])
    r = trireme(0, "map", "; ".join(statements), *inputs, "--results", "none", "--out",
                "r.h5:" + ",".join(f"/{v}" for v in expected))
    assert r.status == 0, r.err + "; ".join(statements)
    with h5py.File(tmp_path / "r.h5") as f:
        for (name, want), statement in zip(expected.items(), statements):
            got = f[name][()]
            wrong = [k for k in range(ELEMENTS) if got[k].tobytes() != want[k].tobytes() and
                     not (got.dtype.kind == "f" and np.isnan(got[k]) and np.isnan(want[k]))]
            assert got.dtype == want.dtype and not wrong, (statement, wrong[0], got[wrong[0]], want[wrong[0]])
