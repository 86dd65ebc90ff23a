# trireme_folder(NAME [REQUIRES target...])
#
# One folder of the library: an object library trireme_NAME of NAME/*.c. Where a required target is not there,
# the folder is built from NAME/absent.c alone, whose functions return TRI_ERR_ABSENT; that file is left out
# otherwise. NAME/folder.cmake, where it exists, may add to the target (generated sources, compile options of
# one file).
set(trireme_folders "")
set(trireme_absent "")
function(trireme_folder name)
    cmake_parse_arguments(arg "" "" "REQUIRES" ${ARGN})
    set(present TRUE)
    foreach(requirement ${arg_REQUIRES})
        if(NOT TARGET ${requirement})
            set(present FALSE)
        endif()
    endforeach()
    set(folder ${PROJECT_SOURCE_DIR}/${name})
    if(present)
        file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
        list(REMOVE_ITEM sources ${folder}/absent.c)
    else()
        set(sources ${folder}/absent.c)
        set(trireme_absent ${trireme_absent} ${name} PARENT_SCOPE)
        # absent.c sees the public headers only, and those may need mpi.h
        set(arg_REQUIRES MPI::MPI_C)
    endif()
    if(NOT sources)
        return()
    endif()
    add_library(trireme_${name} OBJECT ${sources})
    target_include_directories(trireme_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                               PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(trireme_${name} PRIVATE trireme_settings ${arg_REQUIRES})
    if(present AND EXISTS ${folder}/folder.cmake)
        include(${folder}/folder.cmake)
    endif()
    set(trireme_folders ${trireme_folders} ${name} PARENT_SCOPE)
endfunction()
