#!/usr/bin/env python3
"""jobs/scaling.py recovers known parameters: exact without noise, within confidence intervals with noise."""
import os
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    import scipy  # noqa: F401
except ModuleNotFoundError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../jobs/scaling.py")
POINTS = (1, 2, 4, 8, 16, 32)
KNOWN = {"Amdahl": {"T1": 3.0, "s": 0.04},
         "USL": {"T1": 3.0, "c": 0.03, "k": 0.0004},
         "Gustafson": {"T1": 0.5, "s": 0.15}}


def strong(law):
    """An independent formulation: serial plus parallel part; load over throughput."""
    p = KNOWN[law]
    if law == "Amdahl":
        return lambda n: p["T1"] * p["s"] + p["T1"] * (1 - p["s"]) / n
    return lambda n: p["T1"] / (n / (1 + p["c"] * (n - 1) + p["k"] * n * (n - 1)))


def weak(n):
    """n times the work at the scaled speedup n - s (n - 1)."""
    p = KNOWN["Gustafson"]
    return n * p["T1"] / (n - p["s"] * (n - 1))


def write_run(folder, times, ranks, complete=1):
    os.makedirs(folder)
    with h5py.File(os.path.join(folder, "reduce-x.h5"), "w") as file:
        file.attrs["program"], file.attrs["complete"] = "reduce", complete
        # The slowest rank counts; the others take half as long.
        file["timing/run"] = np.vstack([times] + [times / 2] * (ranks - 1))


def study(law, noise, repeats, seed):
    """The fitted values and intervals of one study."""
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        for n in POINTS:
            for series, time in (("strong", strong(law)), ("weak", weak)):
                times = time(n) * np.exp(noise * random.standard_normal(repeats))
                write_run(f"{folder}/{series}-{n}", times, n)
        write_run(f"{folder}/strong-64", np.array([1e9]), 1, complete=0)
        run = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
        with h5py.File(f"{folder}/scaling.h5") as file:
            assert file.attrs["complete"] == 1 and list(file["strong/n"]) == list(POINTS)
            fits = {l: {p: file[f"fit/{l}/{p}"][()] for p in KNOWN[l]} for l in (law, "Gustafson")}
            return fits, run.stdout


def main():
    checks = 0
    for law in ("Amdahl", "USL"):
        for noise, seeds in ((0, 1), (0.02, 8)):
            inside = total = 0
            for seed in range(seeds):
                fitted, text = study(law, noise, 10, seed)
                for name in fitted:
                    for parameter, (value, low, high) in fitted[name].items():
                        true = KNOWN[name][parameter]
                        if noise == 0:
                            assert abs(value - true) <= 1e-6 * true, (name, parameter, value, text)
                        else:
                            assert abs(value - true) <= 0.5 * true, (name, parameter, value, text)
                            assert low < value < high
                            inside, total = inside + (low <= true <= high), total + 1
                        checks += 1
            # Some 95 % intervals miss. Fewer than 80 % hits (of 32 or more) have a probability below 1 in
            # 100.
            assert total == 0 or inside >= 0.8 * total, (law, inside, total)
    with tempfile.TemporaryDirectory() as folder:
        assert subprocess.run([sys.executable, SCRIPT, folder], capture_output=True).returncode == 4
        write_run(f"{folder}/strong-1", np.array([1.0]), 1)
        few = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        assert few.returncode == 0 and "too few runs" in few.stdout, few.stdout + few.stderr
    assert subprocess.run([sys.executable, SCRIPT], capture_output=True).returncode == 2
    print(f"{checks} parameters recovered")


if __name__ == "__main__":
    main()
