# Targets for those who change the tree: format (layout), tidy (clang-tidy; CI runs it as the test lint.tidy).
find_program(TRIREME_CLANG_FORMAT NAMES clang-format-14 clang-format)
find_package(Git QUIET)
find_package(Python3 COMPONENTS Interpreter QUIET)
mark_as_advanced(TRIREME_CLANG_FORMAT)

if(TRIREME_CLANG_FORMAT AND GIT_EXECUTABLE)
    add_custom_target(format
        COMMAND ${GIT_EXECUTABLE} ls-files -z "*.c" "*.h" | xargs -0 ${TRIREME_CLANG_FORMAT} -i
        WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endif()
if(Python3_EXECUTABLE)
    add_custom_target(tidy
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/cmake/tidy.py
                ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}
        USES_TERMINAL)
endif()
