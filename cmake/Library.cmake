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
set_target_properties(trireme_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
add_library(trireme::trireme ALIAS trireme_static)
