# watch becomes another program, as boost does. watch-judge, which the ranks start where they wait for long,
# reads the programs' debugging information where libdw is.
if(NOT TARGET trireme_preload)
    return()
endif()
file(GLOB sources CONFIGURE_DEPENDS watch/*.c)
list(FILTER sources EXCLUDE REGEX "/watch\\.c$")
add_executable(watch-judge ${sources})
target_include_directories(watch-judge PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(watch-judge PRIVATE trireme_settings PkgConfig::jansson)
if(TRIREME_HAS_LIBDW)
    target_compile_definitions(watch-judge PRIVATE TRIREME_HAS_LIBDW)
    target_link_libraries(watch-judge PRIVATE PkgConfig::trireme_libdw)
endif()

add_executable(watch watch/watch.c common/preloaded.c common/seconds.c driver/options.c driver/nearest.c
                     driver/help.c driver/environment.c driver/text.c driver/launcher.c
                     ${PROJECT_SOURCE_DIR}/base/status.c ${PROJECT_SOURCE_DIR}/base/size.c)
target_include_directories(watch PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include
                                         ${MPI_C_INCLUDE_DIRS})
target_link_libraries(watch PRIVATE trireme_settings m)
add_dependencies(watch trireme_preload watch-judge)
