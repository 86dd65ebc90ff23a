# Installation, in three components (cmake --install build --component NAME):
#   runtime: shared library, the command `trireme` in bin, the programs that it runs in libexec/trireme, where
#     `reduce` or `list` hides no command of the system, completion, job scripts and sample data in
#     share/trireme, the module file for Lmod in share/modulefiles
#   development: headers, static library, the CMake package (targets trireme::trireme and
#     trireme::trireme_static)
#                and the pkg-config file
#   documentation: documents and manual pages
include(CMakePackageConfigHelpers)

install(DIRECTORY include/trireme DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
set_target_properties(trireme_shared PROPERTIES EXPORT_NAME trireme)
install(TARGETS trireme_shared trireme_static EXPORT trireme
        RUNTIME COMPONENT runtime
        LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
        ARCHIVE COMPONENT development)

# The package finds its libraries by the very file that the build has used.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/trireme)
configure_file(cmake/triremeConfig.cmake.in triremeConfig.cmake @ONLY)
write_basic_package_version_file(triremeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT trireme NAMESPACE trireme:: DESTINATION ${package} FILE triremeTargets.cmake
        COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/triremeConfig.cmake ${PROJECT_BINARY_DIR}/triremeConfigVersion.cmake
              cmake/Dependencies.cmake
        DESTINATION ${package} COMPONENT development)

# pkg-config: mpi.h stands in the public headers, so MPI is required by all users, the rest by static linking
# only. An MPI library without a pkg-config file is left to the user's mpicc.
set(pc_public "")
if(TRIREME_MPI_FAMILY STREQUAL openmpi)
    set(module ompi-c)
else()
    set(module mpich)
endif()
# The file may be that of another installation: compare its library with the one in use.
pkg_check_modules(trireme_pc_mpi QUIET ${module})
set(pc_libraries "")
foreach(library ${trireme_pc_mpi_LINK_LIBRARIES})
    file(REAL_PATH "${library}" library)
    list(APPEND pc_libraries ${library})
endforeach()
foreach(library ${MPI_C_LIBRARIES})
    file(REAL_PATH "${library}" library)
    if(library IN_LIST pc_libraries)
        set(pc_public ${module})
    endif()
endforeach()
set(pc_private "")
if(TRIREME_HAS_HWLOC)
    list(APPEND pc_private hwloc)
endif()
if(TRIREME_HAS_LIBEVENT)
    list(APPEND pc_private libevent_core libcrypto)
endif()
if(TRIREME_HDF5_MODULE)
    list(APPEND pc_private ${TRIREME_HDF5_MODULE})
endif()
set(pc_private_libraries "-lm -pthread")
if(TRIREME_HAS_OPENCL)
    pkg_check_modules(trireme_pc_opencl QUIET OpenCL)
    if(trireme_pc_opencl_FOUND)
        list(APPEND pc_private OpenCL)
    else()
        string(APPEND pc_private_libraries " -lOpenCL")
    endif()
endif()
if(TRIREME_HAS_HDF5 AND NOT TRIREME_HDF5_MODULE)
    list(JOIN HDF5_C_LIBRARIES " " libraries)
    string(APPEND pc_private_libraries " ${libraries}")
endif()
list(JOIN pc_private " " pc_private)
# Relative to the file, so that the installed tree may be moved.
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /.)
configure_file(cmake/trireme.pc.in trireme.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/trireme.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

# Each program writes its own manual pages and completion. In a cross build it is run by the emulator where
# there is one.
if(TRIREME_APPS)
    set(can_run TRUE)
    if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
        set(can_run FALSE)
    endif()
    get_property(programs DIRECTORY apps PROPERTY BUILDSYSTEM_TARGETS)
    foreach(program ${programs})
        get_target_property(type ${program} TYPE)
        if(type STREQUAL "EXECUTABLE")
            set(folder ${CMAKE_INSTALL_LIBEXECDIR}/trireme)
            if(program STREQUAL trireme)
                set(folder ${CMAKE_INSTALL_BINDIR})
            endif()
            install(TARGETS ${program} DESTINATION ${folder} COMPONENT runtime)
            # Users start no program that has a hyphen.
            if(can_run AND NOT program MATCHES "-")
                foreach(component documentation runtime)
                    install(CODE "
                        set(emulator \"${CMAKE_CROSSCOMPILING_EMULATOR}\")
                        set(program $<TARGET_FILE:${program}>)
                        set(out ${PROJECT_BINARY_DIR}/manual)
                        set(component ${component})
                        include(${PROJECT_SOURCE_DIR}/cmake/manual.cmake)" COMPONENT ${component})
                endforeach()
            endif()
        endif()
    endforeach()
    if(can_run)
        file(REMOVE_RECURSE ${PROJECT_BINARY_DIR}/manual)
        file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/manual/man/man1 ${PROJECT_BINARY_DIR}/manual/man/man7
                            ${PROJECT_BINARY_DIR}/manual/completions)
        install(CODE
            "execute_process(COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:doctor> --environment man
                                      OUTPUT_FILE ${PROJECT_BINARY_DIR}/manual/man/man7/trireme.7)"
                COMPONENT documentation)
        install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}
                COMPONENT documentation)
        install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/completions/
                DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT runtime)
    else()
        set(TRIREME_WITHOUT_MANUAL "a cross build runs no program: set CMAKE_CROSSCOMPILING_EMULATOR")
    endif()
endif()

# Job scripts and sample data, as in the source tree; the link leads the scripts to the programs.
set(share ${CMAKE_INSTALL_DATADIR}/trireme)
if(TRIREME_APPS)
    install(PROGRAMS jobs/bin/mpirun DESTINATION ${share}/jobs/bin COMPONENT runtime)
    install(PROGRAMS jobs/accept.sh jobs/array.sbatch jobs/launch.sh jobs/pool.sbatch jobs/program.sbatch
                     jobs/reduce.sbatch jobs/run.sh jobs/scaling.py jobs/scaling.sh jobs/submit.sh
            DESTINATION ${share}/jobs COMPONENT runtime)
    install(FILES jobs/accept.limits jobs/apps.sh jobs/env.sh jobs/job.sh jobs/launch.pl jobs/site.example.sh
            DESTINATION ${share}/jobs COMPONENT runtime)
    install(DIRECTORY data DESTINATION ${share} COMPONENT runtime)
    file(RELATIVE_PATH programs /${share} /${CMAKE_INSTALL_LIBEXECDIR}/trireme)
    file(CREATE_LINK ${programs} ${PROJECT_BINARY_DIR}/programs SYMBOLIC)
    install(FILES ${PROJECT_BINARY_DIR}/programs DESTINATION ${share} COMPONENT runtime)
endif()

# Lmod: `module use PREFIX/share/modulefiles`. Relative to the file, so that the installed tree may be moved.
set(modules ${CMAKE_INSTALL_DATADIR}/modulefiles/trireme)
file(RELATIVE_PATH module_prefix /${modules} /.)
string(REGEX REPLACE "/$" "" module_prefix "${module_prefix}")
configure_file(cmake/module.lua.in module.lua @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/module.lua DESTINATION ${modules} RENAME ${PROJECT_VERSION}.lua
        COMPONENT runtime)

# The target `uninstall` removes what the last installations have written.
if(PROJECT_IS_TOP_LEVEL)
    add_custom_target(uninstall
        COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR} -P ${PROJECT_SOURCE_DIR}/cmake/uninstall.cmake
        VERBATIM)
endif()

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(FILES README.md CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documentation
        OPTIONAL)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documentation)
install(DIRECTORY doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documentation
        FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png")
