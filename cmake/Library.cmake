# libtrireme, static and shared, from the folders' objects.
set(objects "")
foreach(folder ${trireme_folders})
    list(APPEND objects $<TARGET_OBJECTS:trireme_${folder}>)
    # Only what include/trireme/ marks with TRI_API leaves the shared library.
    set_target_properties(trireme_${folder} PROPERTIES C_VISIBILITY_PRESET hidden)
endforeach()
set(requires MPI::MPI_C Threads::Threads m)
foreach(target trireme_hwloc OpenCL::OpenCL trireme_hdf5)
    if(TARGET ${target})
        list(APPEND requires ${target})
    endif()
endforeach()
foreach(kind STATIC SHARED)
    string(TOLOWER trireme_${kind} target)
    add_library(${target} ${kind} ${objects})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME trireme)
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    # What the library uses inside is its own affair (PRIVATE); mpi.h stands in its public headers.
    target_link_libraries(${target} PUBLIC MPI::MPI_C PRIVATE $<BUILD_INTERFACE:trireme_settings> ${requires})
endforeach()
# Programs of one SOVERSION run with later libraries of it (doc/abi.md): 0.MINOR before version 1, then MAJOR.
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(TRIREME_SOVERSION 0.${PROJECT_VERSION_MINOR})
else()
    set(TRIREME_SOVERSION ${PROJECT_VERSION_MAJOR})
endif()
set_target_properties(trireme_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${TRIREME_SOVERSION})
# The project and the headers state the same version.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/include/trireme/version.h)
file(STRINGS ${PROJECT_SOURCE_DIR}/include/trireme/version.h version REGEX
    "define TRIREME_VERSION_(MAJOR|MINOR|PATCH) ")
list(TRANSFORM version REPLACE ".* " "")
list(JOIN version . version)
if(NOT version VERSION_EQUAL PROJECT_VERSION)
    message(FATAL_ERROR "trireme/version.h says ${version}, but the project's version is ${PROJECT_VERSION}")
endif()
add_library(trireme::trireme ALIAS trireme_static)
