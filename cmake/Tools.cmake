# Targets for those who change the tree: format (layout), tidy (clang-tidy; CI runs it as the test lint.tidy),
# dist (an archive of the sources).
find_program(TRIREME_CLANG_FORMAT NAMES clang-format-14 clang-format)
find_package(Git QUIET)
find_package(Python3 COMPONENTS Interpreter QUIET)
mark_as_advanced(TRIREME_CLANG_FORMAT)

if(TRIREME_CLANG_FORMAT AND GIT_EXECUTABLE)
    add_custom_target(format
        COMMAND ${GIT_EXECUTABLE} ls-files -z "*.c" "*.h" | xargs -0 ${TRIREME_CLANG_FORMAT} -i
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endif()
# The archive of the sources: the commit HEAD. The build of what it contains needs no git.
if(GIT_EXECUTABLE AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
    set(archive ${PROJECT_NAME}-${PROJECT_VERSION})
    add_custom_target(dist
        COMMAND ${GIT_EXECUTABLE} archive --format=tar.gz --prefix=${archive}/
                --output=${PROJECT_BINARY_DIR}/${archive}.tar.gz HEAD
        COMMAND ${CMAKE_COMMAND} -E echo ${PROJECT_BINARY_DIR}/${archive}.tar.gz
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
endif()
if(Python3_EXECUTABLE)
    add_custom_target(tidy
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/tidy.py
                ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}
        USES_TERMINAL)
endif()
