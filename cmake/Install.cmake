# Installation: headers, both libraries, the CMake package trireme (targets trireme::trireme, shared, and
# trireme::trireme_static), a pkg-config file, the programs (in libexec/trireme: a `reduce` in everybody's PATH would be
# rude), documents, man pages and completions.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/trireme DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set_target_properties(trireme_shared PROPERTIES EXPORT_NAME trireme)
install(TARGETS trireme_shared trireme_static EXPORT trireme)

# The package finds its libraries by the very file that the build has used.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/trireme)
configure_file(cmake/triremeConfig.cmake.in triremeConfig.cmake @ONLY)
write_basic_package_version_file(triremeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT trireme NAMESPACE trireme:: DESTINATION ${package} FILE triremeTargets.cmake)
install(FILES ${PROJECT_BINARY_DIR}/triremeConfig.cmake ${PROJECT_BINARY_DIR}/triremeConfigVersion.cmake
              cmake/Dependencies.cmake
        DESTINATION ${package})

# pkg-config: mpi.h stands in the public headers, so MPI is required by all users, the rest by static linking only.
# An MPI library without a pkg-config file is left to the user's mpicc.
set(pc_public "")
foreach(module ompi-c mpich)
    if((module STREQUAL "ompi-c" AND TRIREME_MPI_FAMILY STREQUAL "openmpi") OR module STREQUAL TRIREME_MPI_FAMILY)
        pkg_check_modules(trireme_pc_mpi QUIET ${module})
        if(trireme_pc_mpi_FOUND)
            set(pc_public ${module})
        endif()
    endif()
endforeach()
set(pc_private "")
if(trireme_hwloc_FOUND)
    list(APPEND pc_private hwloc)
endif()
if(trireme_hdf5_FOUND)
    list(APPEND pc_private hdf5-${TRIREME_MPI_FAMILY})
endif()
set(pc_private_libraries "-lm -pthread")
if(TARGET OpenCL::OpenCL)
    pkg_check_modules(trireme_pc_opencl QUIET OpenCL)
    if(trireme_pc_opencl_FOUND)
        list(APPEND pc_private OpenCL)
    else()
        string(APPEND pc_private_libraries " -lOpenCL")
    endif()
endif()
if(TARGET trireme_hdf5 AND NOT trireme_hdf5_FOUND)
    list(JOIN HDF5_C_LIBRARIES " " libraries)
    string(APPEND pc_private_libraries " ${libraries}")
endif()
list(JOIN pc_private " " pc_private)
# Relative to the file, so that the installed tree may be moved.
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /.)
configure_file(cmake/trireme.pc.in trireme.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/trireme.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Each program writes its own manual page and completion; bench a page for each of its subjects, which its help lists.
if(TRIREME_APPS)
    get_property(programs DIRECTORY apps PROPERTY BUILDSYSTEM_TARGETS)
    foreach(program ${programs})
        get_target_property(type ${program} TYPE)
        if(type STREQUAL "EXECUTABLE")
            install(TARGETS ${program} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/trireme)
            install(CODE "
                execute_process(COMMAND $<TARGET_FILE:${program}> --man OUTPUT_VARIABLE manual ERROR_QUIET)
                if(manual MATCHES \"^\\\\.TH \")
                    file(WRITE ${PROJECT_BINARY_DIR}/manual/man/man1/trireme-${program}.1 \"\${manual}\")
                    execute_process(COMMAND $<TARGET_FILE:${program}> --completion
                                    OUTPUT_FILE ${PROJECT_BINARY_DIR}/manual/completions/${program})
                else()
                    execute_process(COMMAND $<TARGET_FILE:${program}> --help OUTPUT_VARIABLE help ERROR_QUIET)
                    string(REGEX MATCHALL \"\n  [a-z0-9]+\" subjects \"\${help}\")
                    foreach(subject \${subjects})
                        string(STRIP \"\${subject}\" subject)
                        execute_process(COMMAND $<TARGET_FILE:${program}> \${subject} --man OUTPUT_FILE
                            ${PROJECT_BINARY_DIR}/manual/man/man1/trireme-${program}-\${subject}.1)
                    endforeach()
                endif()")
        endif()
    endforeach()
    install(CODE "execute_process(COMMAND $<TARGET_FILE:doctor> --environment man
                                  OUTPUT_FILE ${PROJECT_BINARY_DIR}/manual/man/man7/trireme.7)")
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/manual/man/man1 ${PROJECT_BINARY_DIR}/manual/man/man7
                        ${PROJECT_BINARY_DIR}/manual/completions)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
    install(DIRECTORY ${PROJECT_BINARY_DIR}/manual/completions/
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
install(DIRECTORY doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
