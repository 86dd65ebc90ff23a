# boost becomes another program: it links neither MPI nor the library, only what reads options. Without the
# preload there is nothing to run.
if(NOT TARGET trireme_preload)
    return()
endif()
add_executable(boost boost/boost.c common/preloaded.c common/tuning.c driver/options.c driver/nearest.c
                     driver/help.c driver/environment.c driver/text.c driver/launcher.c
                     ${PROJECT_SOURCE_DIR}/base/status.c ${PROJECT_SOURCE_DIR}/base/size.c)
target_include_directories(boost PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include
                                         ${MPI_C_INCLUDE_DIRS})
target_link_libraries(boost PRIVATE trireme_settings m)
add_dependencies(boost trireme_preload)
