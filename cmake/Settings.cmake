# How everything is compiled.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(GNUInstallDirs)
# Installed programs find an MPI library in a folder of its own as the built ones do.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
# As a part of another project, the build type is that project's.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

# address;undefined or thread, as in the presets
set(TRIREME_SANITIZE "" CACHE STRING "Sanitizers to build with, a list")

add_library(trireme_settings INTERFACE)
target_compile_definitions(trireme_settings INTERFACE _GNU_SOURCE TRIREME_VERSION_TEXT="${PROJECT_VERSION}")
target_compile_options(trireme_settings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    # The compiler cannot know that a tri_fail() never returns TRI_OK.
    -Wno-maybe-uninitialized
    # The same bits everywhere: no silent fused multiply-add.
    -ffp-contract=off
    $<$<BOOL:${TRIREME_WERROR}>:-Werror>)
if(TRIREME_SANITIZE)
    list(JOIN TRIREME_SANITIZE "," sanitizers)
    target_compile_options(trireme_settings INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer
                                                      -fno-sanitize-recover=undefined)
    target_link_options(trireme_settings INTERFACE -fsanitize=${sanitizers})
endif()
if(TRIREME_MPI_FAMILY MATCHES "mpich|intel")
    # MPICH's MPI_STATUSES_IGNORE is the address 1, which GCC takes for an array that is too small.
    target_compile_options(trireme_settings INTERFACE -Wno-stringop-overflow)
endif()
