#!/usr/bin/env python3
"""scaling.py FOLDER: the report on the runs of jobs/scaling.sh.

FOLDER/strong-N and FOLDER/weak-N hold result files of runs on N units (nodes or ranks) with the same work,
and with N times the work. The time of a repeat is that of its slowest rank. Prints a table and fitted laws.
Writes FOLDER/scaling.h5 and, if gnuplot is installed, FOLDER/scaling.svg.

The laws are fitted to all repeats by least squares of the logarithms (errors of times are factors). The 95 %
confidence intervals come from Student's t and the covariance at the optimum:

  Amdahl (1967)      strong  T(n) = T1 (s + (1 - s) / n)                 s: serial share of T(1)
  USL (Gunther 2007) strong  T(n) = T1 (1 + c (n - 1) + k n (n - 1)) / n c: contention, k: coherency
  Gustafson (1988)   weak    T(n) = T1 n / (s + n (1 - s))               s: serial share of T(n)

Exit status: 2 usage, 3 h5py, numpy or scipy is missing, 4 no result files.
"""
import glob
import os
import re
import secrets
import shutil
import subprocess
import sys

try:
    import h5py
    import numpy as np
    from scipy import optimize, stats
except ModuleNotFoundError as error:
    print(f"scaling.py: {error}; on Debian: apt-get install python3-h5py python3-scipy", file=sys.stderr)
    sys.exit(3)


def part_of(path):
    """A temporary name beside `path`."""
    return f"{path}.{secrets.token_hex(5)}.part"


def amdahl(n, t1, s):
    return t1 * (s + (1 - s) / n)


def usl(n, t1, c, k):
    return t1 * (1 + c * (n - 1) + k * n * (n - 1)) / n


def gustafson(n, t1, s):
    return t1 * n / (s + n * (1 - s))


# law: (series, function, names of the parameters, their upper bounds; the lower ones are 0)
LAWS = {
    "Amdahl": ("strong", amdahl, ("T1", "s"), (np.inf, 1)),
    "USL": ("strong", usl, ("T1", "c", "k"), (np.inf, np.inf, np.inf)),
    "Gustafson": ("weak", gustafson, ("T1", "s"), (np.inf, 1)),
}


def read_series(folder, series):
    """{n: times of all repeats, s}, and the program's name."""
    times, program = {}, None
    for run in glob.glob(os.path.join(folder, f"{series}-*")):
        number = re.fullmatch(rf"{series}-(\d+)", os.path.basename(run))
        for path in sorted(glob.glob(os.path.join(run, "*.h5"))) if number else ():
            with h5py.File(path) as file:
                if file.attrs.get("complete") != 1:
                    continue
                slowest = file["timing/run"][()].max(axis=0)
                program = file.attrs["program"]
            times[int(number.group(1))] = np.concatenate([times.get(int(number.group(1)), []), slowest])
    return dict(sorted(times.items())), program


def fit(function, bounds, n, t):
    """The parameters of a law and half the width of their confidence intervals; None: too few runs."""
    count = len(bounds)
    if len(np.unique(n)) < count or len(n) <= count:
        return None
    start = [np.median(t[n == n.min()]) * n.min()] + [0.05] * (count - 1)
    values, covariance = optimize.curve_fit(
        lambda n, *p: np.log(function(n, *p)), n, np.log(t), p0=start,
        bounds=([1e-300] + [0] * (count - 1), bounds), x_scale=start,
        xtol=1e-12, ftol=1e-12, gtol=1e-12, max_nfev=10000)
    return values, stats.t.ppf(0.975, len(n) - count) * np.sqrt(np.diag(covariance))


def speedup(series, n, first, median, first_n):
    """Relative to the smallest run, which is assumed to scale perfectly."""
    return first / median * (n if series == "weak" else first_n)


def report(folder):
    data, fits, program = {}, {}, None
    for series in ("strong", "weak"):
        data[series], name = read_series(folder, series)
        program = program or name
    if not any(data.values()):
        print(f"scaling.py: no complete result files in {folder}/strong-N or {folder}/weak-N",
              file=sys.stderr)
        return 4
    print(f"{program}: seconds of the slowest rank, median over the repeats")
    print(f"{'':8}{'n':>6}{'repeats':>9}{'median':>12}{'min':>12}{'max':>12}{'speedup':>9}{'efficiency':>12}")
    tables = {}
    for series, times in data.items():
        rows = []
        for n, t in times.items():
            first_n = next(iter(times))
            gain = speedup(series, n, np.median(times[first_n]), np.median(t), first_n)
            rows.append((n, len(t), np.median(t), t.min(), t.max(), gain, gain / n))
            print(f"{series:8}{n:6}{len(t):9}{np.median(t):12.6f}{t.min():12.6f}{t.max():12.6f}"
                  f"{gain:9.2f}{gain / n:12.3f}")
        tables[series] = np.array(rows)
    for law, (series, function, names, bounds) in LAWS.items():
        n = np.concatenate([[k] * len(t) for k, t in data[series].items()] or [[]])
        t = np.concatenate(list(data[series].values()) or [[]])
        fits[law] = fit(function, bounds, n, t)
        if fits[law]:
            print(f"{law + ':':12}" +
                  ", ".join(f"{name} = {v:.6g} +- {h:.2g}" for name, v, h in zip(names, *fits[law])))
        elif len(n):
            print(f"{law + ':':12}too few runs")
    write(folder, program, data, tables, fits)
    plot(folder, program, tables, fits)
    return 0


def write(folder, program, data, tables, fits):
    """FOLDER/scaling.h5, complete or not at all."""
    path = os.path.join(folder, "scaling.h5")
    columns = (("n", "units: nodes or ranks", "1"), ("repeats", "timed runs", "1"),
               ("median", "median time", "s"), ("min", "least time", "s"), ("max", "largest time", "s"),
               ("speedup", "times as fast as one unit", "1"), ("efficiency", "speedup / n", "1"))

    def put(group, name, value, long_name, units):
        group[name] = value
        group[name].attrs["long_name"], group[name].attrs["units"] = long_name, units

    part = part_of(path)
    with h5py.File(part, "x") as file:
        file.attrs["program"] = program
        for series, table in tables.items():
            if not len(table):
                continue
            group = file.create_group(series)
            for column, (name, long_name, units) in enumerate(columns):
                put(group, name, table[:, column], long_name, units)
            for n, t in data[series].items():
                put(group, f"samples/{n}", t, f"time of the slowest rank in each repeat on {n} units", "s")
        for law, fitted in fits.items():
            if fitted:
                for name, value, half in zip(LAWS[law][2], *fitted):
                    put(file, f"fit/{law}/{name}", [value, value - half, value + half],
                        f"{name} of {law}'s law: value and 95 % confidence interval",
                        "s" if name == "T1" else "1")
        file.attrs["complete"] = 1
    os.replace(part, path)
    print(f"record      {path}")


def plot(folder, program, tables, fits):
    """FOLDER/scaling.svg: speedup over n on logarithmic axes, with the ideal line and the fitted laws."""
    if not shutil.which("gnuplot"):
        print("no gnuplot: no plot")
        return
    largest = max(table[:, 0].max() for table in tables.values() if len(table))
    if largest == 1:
        return
    svg = os.path.join(folder, "scaling.svg")
    curves = ["x title 'ideal' with lines dashtype 2 linecolor 'gray'"]
    title = re.sub(r"[\x00-\x1f]", " ", program).replace("'", "''")
    script = ["set terminal svg size 720,540", f"set title '{title}' noenhanced",
              "set xlabel 'n'", "set ylabel 'speedup'", "set logscale xy 2", "set key top left", "set grid"]
    for series, table in tables.items():
        if len(table):
            rows = "\n".join(f"{row[0]:g} {row[5]:.9g}" for row in table)
            script.append(f"${series} << END\n{rows}\nEND")
            curves.append(f"${series} title '{series}, measured' with points pointsize 1.2")
    for law, fitted in fits.items():
        if not fitted:
            continue
        series, function, _, _ = LAWS[law]
        t1, *rest = fitted[0]
        first = tables[series][0]
        points = 2 ** np.linspace(0, np.log2(largest), 100)
        work = points if series == "weak" else 1
        # The measured points are relative to the smallest run; scale the curves by the same time.
        unit = first[2] * (first[0] if series == "strong" else 1)
        script.append(f"${law} << END\n" + "\n".join(
            f"{x:.9g} {y:.9g}" for x, y in zip(points, unit * work / function(points, t1, *rest))) + "\nEND")
        curves.append(f"${law} title '{law}' with lines")
    script.append(f"plot [1:{largest:g}] " + ", ".join(curves))
    # gnuplot runs a command where a name begins with a bar, so it is given no name.
    drawn = subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True,
                           stdout=subprocess.PIPE).stdout
    part = part_of(svg)
    with open(part, "x", encoding="utf-8") as file:
        file.write(drawn)
    os.replace(part, svg)
    print(f"plot        {svg}")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    return report(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
