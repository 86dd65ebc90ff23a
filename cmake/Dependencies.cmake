# The libraries underneath. MPI is required. The others are optional: TRIREME_WITH_<PART> is AUTO,
# ON or OFF; TRIREME_HAS_<PART> is ON where the part is used, and trireme_<PART>_missing says why it is not.
# The CMake package installs this file and finds the libraries by it, so a missing part is no error here.
foreach(part HDF5 OPENCL HWLOC LIBEVENT LIBDW GMP IMAGE)
    set(TRIREME_HAS_${part} OFF)
    set(trireme_${part}_missing "TRIREME_WITH_${part} is OFF")
endforeach()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# A launcher of another MPI library starts N programs of one rank: take the one beside the chosen mpicc.
if(MPI_C_COMPILER AND NOT MPIEXEC_EXECUTABLE)
    find_program(trireme_mpicc NAMES ${MPI_C_COMPILER} NO_CACHE)
    string(REGEX REPLACE "mpi[a-z]+([^/]*)$" "mpiexec\\1" trireme_mpiexec "${trireme_mpicc}")
    if(trireme_mpicc AND EXISTS ${trireme_mpiexec})
        set(MPIEXEC_EXECUTABLE ${trireme_mpiexec} CACHE FILEPATH "Launcher of the MPI library")
    endif()
endif()
find_package(MPI REQUIRED COMPONENTS C)

# trireme_needed(OUT FILE): the shared MPI libraries that FILE is linked with; empty without readelf
function(trireme_needed out file)
    set(names "")
    if(CMAKE_READELF)
        execute_process(COMMAND ${CMAKE_READELF} -d ${file} OUTPUT_VARIABLE text ERROR_QUIET)
        string(REGEX MATCHALL "\\[libmpi[^]]*\\.so[^]]*\\]" names "${text}")
        string(REGEX REPLACE "[][]" "" names "${names}")
    endif()
    set(${out} ${names} PARENT_SCOPE)
endfunction()

# Family and version of the MPI library: mpi.h defines them, and they are read from the compiled program,
# which a cross build cannot run. Intel MPI and MVAPICH define MPICH_VERSION, too.
set(trireme_probe ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/trireme_mpi_probe)
try_compile(trireme_mpi_links SOURCE_FROM_CONTENT mpi_probe.c "
    #include <mpi.h>
    #define TEXT(x) TEXT_(x)
    #define TEXT_(x) #x
    #if defined OPEN_MPI
    #define MINOR TEXT(OMPI_MINOR_VERSION) \".\" TEXT(OMPI_RELEASE_VERSION)
    #define NAME \"openmpi,Open MPI \" TEXT(OMPI_MAJOR_VERSION) \".\" MINOR
    #elif defined I_MPI_VERSION
    #define NAME \"intel,Intel MPI \" I_MPI_VERSION
    #elif defined MVAPICH2_VERSION
    #define NAME \"mpich,MVAPICH \" MVAPICH2_VERSION
    #elif defined MVAPICH_VERSION
    #define NAME \"mpich,MVAPICH \" MVAPICH_VERSION
    #elif defined MPICH_VERSION
    #define NAME \"mpich,MPICH \" MPICH_VERSION
    #else
    #define NAME \"other,unknown MPI library\"
    #endif
    const char *volatile name = \"TRIREME_MPI=\" NAME \"|\";
    int main(int argc, char **argv) { return MPI_Init(&argc, &argv) + *name; }"
    LINK_LIBRARIES MPI::MPI_C COPY_FILE ${trireme_probe} COPY_FILE_ERROR trireme_mpi_error
    NO_CACHE OUTPUT_VARIABLE trireme_mpi_output)
if(NOT trireme_mpi_links OR trireme_mpi_error)
    message(FATAL_ERROR "A program with MPI does not link (mpicc: ${MPI_C_COMPILER}):\n${trireme_mpi_output}")
endif()
file(STRINGS ${trireme_probe} trireme_name REGEX "TRIREME_MPI=" LIMIT_COUNT 1)
string(REGEX REPLACE ".*TRIREME_MPI=([a-z]+),([^|]*).*" "\\1;\\2" trireme_name "${trireme_name}")
list(GET trireme_name 0 TRIREME_MPI_FAMILY)
list(GET trireme_name 1 TRIREME_MPI_VERSION)
trireme_needed(trireme_mpi_needed ${trireme_probe})

if(TRIREME_WITH_HWLOC)
    set(trireme_HWLOC_missing "no hwloc >= 2.1 for pkg-config")
    pkg_check_modules(trireme_hwloc QUIET IMPORTED_TARGET GLOBAL hwloc>=2.1)
    if(trireme_hwloc_FOUND AND NOT TARGET trireme_hwloc)
        add_library(trireme_hwloc INTERFACE IMPORTED GLOBAL)
        target_link_libraries(trireme_hwloc INTERFACE PkgConfig::trireme_hwloc)
    endif()
    if(TARGET trireme_hwloc)
        set(TRIREME_HAS_HWLOC ON)
    endif()
endif()

# pool/ needs both: sockets by libevent, the proof of who is at their other end by libcrypto.
if(TRIREME_WITH_LIBEVENT)
    set(trireme_LIBEVENT_missing "no libevent_core >= 2.1 and libcrypto >= 3 for pkg-config")
    pkg_check_modules(trireme_libevent QUIET IMPORTED_TARGET GLOBAL libevent_core>=2.1 libcrypto>=3)
    if(trireme_libevent_FOUND AND NOT TARGET trireme_libevent)
        add_library(trireme_libevent INTERFACE IMPORTED GLOBAL)
        target_link_libraries(trireme_libevent INTERFACE PkgConfig::trireme_libevent)
    endif()
    if(TARGET trireme_libevent)
        set(TRIREME_HAS_LIBEVENT ON)
    endif()
endif()

# apps/watch: where in a program its ranks wait.
if(TRIREME_WITH_LIBDW)
    set(trireme_LIBDW_missing "no libdw >= 0.170 for pkg-config")
    pkg_check_modules(trireme_libdw QUIET IMPORTED_TARGET GLOBAL libdw>=0.170)
    if(trireme_libdw_FOUND)
        set(TRIREME_HAS_LIBDW ON)
    endif()
endif()

# apps/factor needs all three. GMP-ECM and FLINT have no file for pkg-config in Debian 12.
if(TRIREME_WITH_GMP)
    set(trireme_GMP_missing "not all of GMP, GMP-ECM >= 7 and FLINT >= 2.9")
    foreach(library gmp ecm flint)
        find_library(trireme_${library}_library ${library})
        mark_as_advanced(trireme_${library}_library)
    endforeach()
    if(trireme_gmp_library AND trireme_ecm_library AND trireme_flint_library)
        set(trireme_gmp_libraries ${trireme_ecm_library} ${trireme_flint_library} ${trireme_gmp_library})
        try_compile(trireme_gmp_links SOURCE_FROM_CONTENT gmp_probe.c "
            #include <ecm.h>
            #include <flint/fmpz.h>
            #include <flint/fmpz_factor.h>
            #include <flint/qsieve.h>
            int main(void) {
                ecm_params p;
                fmpz_t n;
                fmpz_factor_t f;
                flint_rand_t r;
                flint_randinit(r); /* FLINT 3.2 has another name for it */
                ecm_init(p);
                fmpz_init(n);
                fmpz_factor_init(f);
                qsieve_factor(f, n);
                return fmpz_is_prime(n) + mpz_sgn(p->x);
            }"
            LINK_LIBRARIES ${trireme_gmp_libraries} NO_CACHE)
        if(trireme_gmp_links)
            set(TRIREME_HAS_GMP ON)
        endif()
    endif()
endif()

# apps/image needs the three codecs, and the pool.
if(TRIREME_WITH_IMAGE)
    set(trireme_IMAGE_missing "no libpng >= 1.6, libtiff-4 and libjpeg for pkg-config, or no LIBEVENT")
    pkg_check_modules(trireme_image QUIET IMPORTED_TARGET GLOBAL libpng>=1.6 libtiff-4 libjpeg)
    if(trireme_image_FOUND AND TRIREME_HAS_LIBEVENT)
        set(TRIREME_HAS_IMAGE ON)
    endif()
endif()

if(TRIREME_WITH_OPENCL)
    set(trireme_OPENCL_missing "no OpenCL headers or ICD loader")
    find_package(OpenCL QUIET)
    if(OpenCL_FOUND)
        set(TRIREME_HAS_OPENCL ON)
    endif()
endif()

# trireme_try_hdf5(INCLUDES LIBRARIES): makes trireme_hdf5 of them if they are built for the MPI library in
# use. A program with two MPI libraries links on some machines and crashes on all, so the names of both are
# compared. What such a package says about MPI is dropped: it may be another version's headers.
function(trireme_try_hdf5 includes libraries)
    if(TARGET trireme_hdf5)
        return()
    endif()
    foreach(folder ${includes})
        if(NOT EXISTS ${folder}/hdf5.h)
            list(REMOVE_ITEM includes ${folder})
        endif()
    endforeach()
    list(FILTER libraries EXCLUDE REGEX "(^|/)(lib|-l)mpi[^/]*$")
    foreach(library ${libraries})
        if(IS_ABSOLUTE "${library}")
            trireme_needed(needed ${library})
            foreach(name ${needed})
                if(trireme_mpi_needed AND NOT name IN_LIST trireme_mpi_needed)
                    set(trireme_HDF5_missing "${library} is built for another MPI library (${name})"
                        PARENT_SCOPE)
                    return()
                endif()
            endforeach()
        endif()
    endforeach()
    try_compile(links SOURCE_FROM_CONTENT hdf5_probe.c "
        #include <mpi.h>
        #include <hdf5.h>
        int main(int argc, char **argv) {
            MPI_Init(&argc, &argv);
            return H5Pset_fapl_mpio(H5Pcreate(H5P_FILE_ACCESS), MPI_COMM_WORLD, MPI_INFO_NULL) +
                MPI_Finalize();
        }"
        CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${includes}" LINK_LIBRARIES ${libraries} MPI::MPI_C NO_CACHE)
    if(NOT links)
        set(trireme_HDF5_missing "no program with MPI links with ${libraries}: serial, or another MPI library"
            PARENT_SCOPE)
        return()
    endif()
    add_library(trireme_hdf5 INTERFACE IMPORTED GLOBAL)
    target_include_directories(trireme_hdf5 INTERFACE ${includes})
    target_link_libraries(trireme_hdf5 INTERFACE ${libraries})
endfunction()

# Debian has an hdf5-openmpi and an hdf5-mpich for pkg-config; others, an hdf5 or an h5pcc. HDF5_ROOT goes
# first.
set(TRIREME_HDF5_MODULE "")
if(TRIREME_WITH_HDF5)
    set(trireme_HDF5_missing "no HDF5")
    if(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT})
        foreach(module hdf5-openmpi hdf5-mpich hdf5)
            pkg_check_modules(trireme_${module} QUIET ${module})
            if(trireme_${module}_FOUND AND NOT TARGET trireme_hdf5)
                trireme_try_hdf5("${trireme_${module}_INCLUDE_DIRS}" "${trireme_${module}_LINK_LIBRARIES}")
                if(TARGET trireme_hdf5)
                    set(TRIREME_HDF5_MODULE ${module})
                endif()
            endif()
        endforeach()
    endif()
    if(NOT TARGET trireme_hdf5)
        set(HDF5_PREFER_PARALLEL ON)
        find_package(HDF5 QUIET COMPONENTS C)
        if(HDF5_FOUND)
            trireme_try_hdf5("${HDF5_C_INCLUDE_DIRS}" "${HDF5_C_LIBRARIES}")
        endif()
    endif()
    if(TARGET trireme_hdf5)
        set(TRIREME_HAS_HDF5 ON)
    endif()
endif()
