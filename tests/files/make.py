#!/usr/bin/python3
"""make.py FOLDER: files of other libraries for tests/files/read.c, and broken files for bad.c.

Element i in row-major order has the value of value_*(); read.c has its own copy of the formulas."""
import os
import shutil
import sys

import h5py
import netCDF4
import numpy as np

folder = sys.argv[1]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)


def path(name):
    return os.path.join(folder, name)


def small(count, kind):
    """-50 to 50: exact in every type."""
    return (np.arange(count, dtype=np.int64) * 37 % 101 - 50).astype(kind)


def unsigned(count, kind):
    return (np.arange(count, dtype=np.int64) * 37 % 101).astype(kind)


def quarters(count, kind):
    """Small multiples of 1/4, exact from float16 on."""
    return (small(count, "f8") / 4).astype(kind)


with h5py.File(path("h5py.h5"), "w") as f:
    f["float64"] = quarters(1000, "<f8")
    f["float32"] = quarters(1001, "<f4")
    f["float16"] = quarters(1002, "<f2")
    f["float64_be"] = quarters(1003, ">f8")
    f["float32_be"] = quarters(1004, ">f4")
    f["longdouble"] = quarters(300, np.longdouble)
    f["int8"] = small(1005, "i1")
    f["int16"] = small(1006, "<i2")
    f["int16_be"] = small(1007, ">i2")
    f["int32_be"] = small(1008, ">i4")
    f["uint8"] = unsigned(1009, "u1")
    f["uint16"] = unsigned(1010, "u2")
    f["uint32"] = np.uint32(2**32 - 1) - unsigned(1011, "u4")
    f["int64"] = np.int64(2**63 - 1) - np.arange(999, dtype=np.int64)
    f["int64_min"] = np.int64(-2**63) + np.arange(998, dtype=">i8")
    f["uint64"] = np.uint64(2**64 - 1) - np.arange(997, dtype=np.uint64)
    f["bool"] = np.arange(500) % 3 == 0
    f.create_dataset("enum", data=unsigned(100, "i2"), dtype=h5py.enum_dtype({"A": 0, "B": 1}, basetype="i2"))
    # All finite float16, including subnormal ones, in the order of their bits.
    f["halves"] = np.arange(0x7c00, dtype=np.uint16).view(np.float16)
    f["scalar"] = 4.25
    f["empty"] = np.zeros((3, 0, 2))
    f["three/d"] = quarters(7 * 11 * 13, "f8").reshape(7, 11, 13)
    f["null"] = h5py.Empty("f4")
    f.create_dataset("gzip", data=quarters(50 * 40, "f4").reshape(50, 40), chunks=(7, 40), compression="gzip",
                     shuffle=True, fletcher32=True)
    f.create_dataset("chunked", data=small(20 * 9 * 10, "i4").reshape(20, 9, 10), chunks=(3, 4, 5))
    f.create_dataset("planes", data=small(6 * 8 * 5, "<i2").reshape(6, 8, 5), chunks=(1, 4, 5),
                     compression="lzf")
    f.create_dataset("one_chunk", data=small(100, "i8"), chunks=(4096,), maxshape=(None,))
    f.create_dataset("unwritten", shape=(30,), dtype="f8", chunks=(10,), fillvalue=2.5)
    # More than 2^31 elements, of which only the last chunk is written.
    big = f.create_dataset("big", shape=(2**31 + 100,), dtype="u1", chunks=(1 << 20,))
    big[2**31:] = unsigned(100, "u1")
    f["strings"] = np.array([b"a", b"bc"])
    f["compound"] = np.zeros(3, dtype=[("x", "f8"), ("y", "i4")])
    f["complex"] = np.zeros(3, dtype="c16")
    f["references"] = np.array([f["scalar"].ref], dtype=h5py.ref_dtype)
    f.create_dataset("lists", (1,), dtype=h5py.vlen_dtype("i4"))
    f["soft"] = h5py.SoftLink("/three/d")
    f["nowhere"] = h5py.SoftLink("/not/there")
    f.create_dataset("external", data=None, shape=(100,), dtype="f8", external=[(path("raw.bin"), 0, 800)])
    f.create_dataset("external_lost", shape=(100,), dtype="f8", external=[(path("lost.bin"), 0, 800)])
quarters(100, "f8").tofile(path("raw.bin"))

with h5py.File(path("with:colon.h5"), "w") as f:
    f["a:b"] = quarters(10, "f8")
with h5py.File(path("latest.h5"), "w", libver="latest", userblock_size=512) as f:
    f.create_dataset("x", data=quarters(4000, "f8"), chunks=(100,), maxshape=(None,))
with netCDF4.Dataset(path("netcdf4.nc"), "w") as f:
    f.createDimension("time", None)
    f.createDimension("y", 6)
    f.createDimension("x", 7)
    v = f.createVariable("field", "f4", ("time", "y", "x"), zlib=True, shuffle=True)
    v[:] = quarters(5 * 6 * 7, "f4").reshape(5, 6, 7)
# MATLAB -v7.3 is HDF5 after a user block of 512 bytes of text.
with h5py.File(path("matlab73.mat"), "w", userblock_size=512) as f:
    d = f.create_dataset("X", data=quarters(12, "f8").reshape(3, 4))
    d.attrs["MATLAB_class"] = np.bytes_("double")
with open(path("matlab73.mat"), "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116))

# Broken files.
os.mkdir(path("folder.h5"))
with open(path("text.h5"), "w") as f:
    f.write("time,value\n1,2\n")
open(path("empty.h5"), "w").close()
with netCDF4.Dataset(path("classic.nc"), "w", format="NETCDF3_CLASSIC") as f:
    f.createDimension("x", 3)
    f.createVariable("v", "f8", ("x",))[:] = 1
with open(path("h5py.h5"), "rb") as f:
    whole = f.read()
with open(path("truncated.h5"), "wb") as f:
    f.write(whole[: len(whole) // 2])
with open(path("damaged.h5"), "wb") as f:
    # The root group's object header, after the superblock.
    f.write(whole[:96] + b"\xff" * 400 + whole[496:])
with h5py.File(path("damaged_chunk.h5"), "w") as f:
    d = f.create_dataset("x", data=quarters(1000, "f8"), chunks=(100,), compression="gzip")
    where = d.id.get_chunk_info(4).byte_offset
with open(path("damaged_chunk.h5"), "r+b") as f:
    f.seek(where)
    f.write(b"\xff" * 40)
with h5py.File(path("none.h5"), "w") as f:
    f.create_group("only/groups")
with open(path("forbidden.h5"), "wb") as f:
    f.write(whole)
os.chmod(path("forbidden.h5"), 0)
os.mkfifo(path("pipe.h5"))
