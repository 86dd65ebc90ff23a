# Copyright 2026 the Trireme authors. See the top-level LICENSE file for details.
#
# SPDX-License-Identifier: BSD-3-Clause

from spack.package import *


class Trireme(CMakePackage):
    """Library and programs for clusters: collective operations chosen by cost, exact sums that
    have the same bits on any number of ranks, thread teams, OpenCL buffers, parallel datasets and
    result files."""

    # The folder of the sources: spack develop, or an archive of the target dist.
    homepage = "file:///usr/share/doc/trireme"
    url = "file:///usr/src/trireme-0.1.0.tar.gz"

    license("BSD-3-Clause")

    version("0.1.0")

    variant("factor", default=False, description="Factors of integers")
    variant("hdf5", default=True, description="Datasets in files, and result files")
    variant("hwloc", default=True, description="Placement of ranks and threads on cores")
    variant("image", default=True, description="Filters over stacks of images")
    variant("opencl", default=False, description="OpenCL devices")
    variant("pool", default=True, description="Pools of tasks over ranks")
    variant("watch", default=True, description="File and line in the reports of watch")
    variant("tests", default=False, description="Build the tests")

    depends_on("c", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("mpi@3:")
    depends_on("jansson")
    depends_on("zlib-api")
    depends_on("gmp", when="+factor")
    depends_on("gmp-ecm@7:", when="+factor")
    depends_on("flint@2.9:3.1", when="+factor")
    depends_on("hdf5+mpi", when="+hdf5")
    depends_on("hwloc@2.1:", when="+hwloc")
    depends_on("opencl", when="+opencl")
    depends_on("elfutils@0.170:", when="+watch")
    depends_on("libevent@2.1:", when="+pool")
    depends_on("openssl@3:", when="+pool")
    depends_on("libpng@1.6:", when="+image")
    depends_on("libtiff@4:", when="+image")
    depends_on("jpeg", when="+image")
    conflicts("~pool", when="+image", msg="image runs its frames on a pool")

    depends_on("python@3.9:", type="test", when="+tests")
    depends_on("py-pytest", type="test", when="+tests")
    depends_on("py-h5py", type="test", when="+tests")
    depends_on("py-numpy", type="test", when="+tests")

    generator("ninja")

    def cmake_args(self):
        return [
            self.define_from_variant("TRIREME_WITH_GMP", "factor"),
            self.define_from_variant("TRIREME_WITH_HDF5", "hdf5"),
            self.define_from_variant("TRIREME_WITH_HWLOC", "hwloc"),
            self.define_from_variant("TRIREME_WITH_OPENCL", "opencl"),
            self.define_from_variant("TRIREME_WITH_LIBEVENT", "pool"),
            self.define_from_variant("TRIREME_WITH_LIBDW", "watch"),
            self.define_from_variant("TRIREME_WITH_IMAGE", "image"),
            self.define_from_variant("TRIREME_TESTS", "tests"),
            self.define("MPI_C_COMPILER", self.spec["mpi"].mpicc),
        ]

    def check(self):
        if self.spec.satisfies("+tests"):
            with working_dir(self.build_directory):
                ctest("-L", "fast", "--output-on-failure")

    def test_reduce(self):
        """An exact sum on one rank"""
        reduce = which(join_path(self.prefix.libexec, "trireme", "reduce"))
        out = reduce(
            "--count", "1000", "--verify", "--results", "none", output=str.split, error=str.split
        )
        assert "compared, bit by bit" in out
