# libtrireme-preload.so: MPI's functions in front of one MPI library (preload/call.h). It takes what it needs
# from the static library, with calls of MPI_ renamed to PMPI_, so that it never calls itself, and exports
# nothing but MPI's names. It needs the MPI library, libm and libc alone: it enters processes of others.
set(trireme_preload_missing "")
if(TRIREME_SANITIZE)
    set(trireme_preload_missing "a sanitizer has to be the first library of a process")
elseif(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|aarch64|arm64)$")
    set(trireme_preload_missing "no jump in preload/wrap.c for ${CMAKE_SYSTEM_PROCESSOR}")
elseif(NOT trireme_mpi_needed)
    set(trireme_preload_missing "the MPI library is static, or there is no readelf")
elseif(NOT CMAKE_OBJCOPY OR NOT CMAKE_NM)
    set(trireme_preload_missing "no objcopy or nm")
endif()
if(trireme_preload_missing)
    return()
endif()

set(folder ${PROJECT_BINARY_DIR}/preload)
file(MAKE_DIRECTORY ${folder})
add_custom_command(OUTPUT ${folder}/libtrireme-pmpi.a
    COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DOBJCOPY=${CMAKE_OBJCOPY} -DIN=$<TARGET_FILE:trireme_static>
            -DOUT=${folder}/libtrireme-pmpi.a -P ${PROJECT_SOURCE_DIR}/preload/rename.cmake
    DEPENDS trireme_static ${PROJECT_SOURCE_DIR}/preload/rename.cmake VERBATIM)
add_custom_target(trireme_pmpi DEPENDS ${folder}/libtrireme-pmpi.a)

file(GLOB sources CONFIGURE_DEPENDS preload/*.c)
add_library(trireme_preload SHARED ${sources})
add_dependencies(trireme_preload trireme_pmpi)
set_target_properties(trireme_preload PROPERTIES
    OUTPUT_NAME trireme-preload C_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY ${folder}
    LINK_DEPENDS "${folder}/libtrireme-pmpi.a;${PROJECT_SOURCE_DIR}/preload/exports.map")
target_include_directories(trireme_preload PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
list(GET trireme_mpi_needed 0 library)
file(RELATIVE_PATH to_judge /${CMAKE_INSTALL_LIBDIR} /${CMAKE_INSTALL_LIBEXECDIR}/trireme)
target_compile_definitions(trireme_preload PRIVATE TRIREME_MPI_LIBRARY="${library}"
                                                   TRIREME_TO_JUDGE="${to_judge}")
# Thread-local data at a fixed place: the library is there from the start of a process.
target_compile_options(trireme_preload PRIVATE -ftls-model=initial-exec)
# GCC's usual choice for x86-64 clears the description of a call by `rep stos`, which takes as long as all
# else that a mode does. The order of instructions for this processor suits others as well.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_compile_options(trireme_preload PRIVATE -mtune=skylake)
endif()
target_link_libraries(trireme_preload PRIVATE ${folder}/libtrireme-pmpi.a trireme_settings MPI::MPI_C
                                              Threads::Threads ${CMAKE_DL_LIBS} m)
target_link_options(trireme_preload PRIVATE
    LINKER:--version-script=${PROJECT_SOURCE_DIR}/preload/exports.map LINKER:--gc-sections LINKER:-z,defs
    -static-libgcc)
install(TARGETS trireme_preload LIBRARY COMPONENT runtime)
