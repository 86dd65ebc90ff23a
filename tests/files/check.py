#!/usr/bin/python3
"""check.py WRITE MODE FOLDER LAUNCH... NP: runs LAUNCH... NP WRITE MODE FOLDER, reads its files by h5py."""
import glob
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np

write, mode, folder, ranks = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[-1])
shutil.rmtree(folder, ignore_errors=True)
# A folder two levels deep that does not exist yet.
results = os.path.join(folder, "new", "results")
status = subprocess.run(sys.argv[4:] + [write, mode, results]).returncode
if status:
    sys.exit(status)

left = sorted(os.path.basename(name) for name in glob.glob(results + "/*"))
assert not [name for name in left if name.endswith(".part")], left
names = [name for name in left if name.startswith("write-")]
assert len(names) == 1 and len(left) == (2 if mode == "arrays" else 1), left
f = h5py.File(os.path.join(results, names[0]), "r")
a = f.attrs
expected = {"program": "write", "complete": 1, "command": "test \u03b1 'x'", "command_again": "second",
            "ranks": ranks, "least": -2**63, "sum": np.pi, "empty": ""}
for name, value in expected.items():
    assert a[name] == value and isinstance(value, str) == isinstance(a[name], str), (name, a[name])
assert a["hdf5_version"].count(".") == 2
assert list(a["hosts"]) == ["n1", "n2", "n3"] and len(a["devices"]) == 0
assert len(a["many"]) == 6000 and set(a["many"]) == {"node-with-a-name"}


def described(dataset, units, long_name):
    assert dataset.attrs["units"] == units and dataset.attrs["long_name"] == long_name, dataset
    return dataset


compute = described(f["timing/compute"], "s", "time of each repeat and rank")
assert (compute[()] == np.arange(6.0).reshape(2, 3)).all()
assert list(described(f["histogram/count"], "1", "elements in each bin")[()]) == [1, -2, 2**63 - 1, 0]
assert f["mean"].shape == () and f["mean"][()] == 3
assert f["nothing"].shape == (0, 5)

if mode == "arrays":
    large = np.arange(11 * 300 * 400).reshape(11, 300, 400)
    for name, values in (("rows", large + 0.5), ("columns", large + 0.5), ("middle", large),
                         ("thin", np.arange(30, dtype="u8").reshape(3, 5, 2)), ("none", np.zeros((4, 0, 2)))):
        dataset = described(f["fields/" + name], "K", "temperature")
        assert dataset.dtype == values.dtype and dataset.shape == values.shape, name
        assert (dataset[()] == values).all(), name
        assert dataset.chunks is None
    assert a["between"] == 1 and described(f["later"], "m", "written after arrays")[0] == 7
    with h5py.File(glob.glob(results + "/fixed-*.h5")[0], "r") as fixed:
        assert fixed.attrs["version"] == 2 and fixed.attrs["complete"] == 1
f.close()
subprocess.run(["h5dump", "-H", os.path.join(results, names[0])], stdout=subprocess.DEVNULL, check=True)
shutil.rmtree(folder)
