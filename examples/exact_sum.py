#!/usr/bin/env python3
"""exact_sum.py [libtrireme.so]: the exact sum of a NumPy array, through the plain C interface."""
import ctypes
import math
import sys

import numpy


class Sum(ctypes.Structure):
    """tri_sum of trireme/sum.h."""
    _fields_ = [("word", ctypes.c_int64 * 74)]  # TRI_SUM_WORDS


trireme = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libtrireme.so.0.1")
trireme.tri_sum_round.restype = ctypes.c_double
trireme.tri_sum_add_array.argtypes = [ctypes.POINTER(Sum), ctypes.POINTER(ctypes.c_double), ctypes.c_size_t]


def exact_sum(array):
    """The sum of all elements, rounded once."""
    x = numpy.ascontiguousarray(array, dtype=numpy.float64)
    total = Sum()
    trireme.tri_sum_clear(ctypes.byref(total))
    trireme.tri_sum_add_array(ctypes.byref(total), x.ctypes.data_as(ctypes.POINTER(ctypes.c_double)), x.size)
    return trireme.tri_sum_round(ctypes.byref(total))


def main():
    # doc/abi.md: within 0.1 the struct stays as it is.
    if trireme.tri_version() // 100 != 1:
        sys.exit(f"written for trireme 0.1, not for version {trireme.tri_version()}")
    random = numpy.random.default_rng(1)
    small = random.standard_normal(100000)
    huge = random.standard_normal(100000) * 1e30
    matrix = numpy.concatenate([huge, small, -huge]).reshape(1000, -1).T  # transposed: not contiguous
    exact = exact_sum(matrix)
    print(f"exact {exact!r}, numpy {numpy.sum(matrix)!r}")
    return 0 if exact == math.fsum(small) and exact_sum([]) == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
