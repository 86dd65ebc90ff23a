# What the test folders share.

# trireme_test_program(NAME SOURCE...): linked with the library and able to see its internal headers.
function(trireme_test_program name)
    add_executable(${name} ${ARGN})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE trireme_static trireme_settings m)
endfunction()

# Everything a test run needs that a user gets from jobs/env.sh. CTest kills a test that hangs.
set(trireme_suppressions ${PROJECT_SOURCE_DIR}/tests/suppressions)
function(trireme_test_environment name)
    set_tests_properties(${name} PROPERTIES
        LABELS "${ARGN}" TIMEOUT 300 SKIP_RETURN_CODE 77
        ENVIRONMENT "TRIREME_NETWORK=none;LSAN_OPTIONS=suppressions=${trireme_suppressions}/lsan.txt:print_suppressions=0;TSAN_OPTIONS=suppressions=${trireme_suppressions}/tsan.txt;UBSAN_OPTIONS=print_stacktrace=1;ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0")
endfunction()

# trireme_mpi_test(NAME RANKS... LABELS label... COMMAND program args...): one CTest test per number of ranks, by the
# launcher and the environment that jobs/env.sh sets for the MPI library of this build.
function(trireme_mpi_test name)
    cmake_parse_arguments(arg "" "" "RANKS;LABELS;COMMAND" ${ARGN})
    foreach(np ${arg_RANKS})
        add_test(NAME ${name}.np${np}
                 COMMAND ${PROJECT_SOURCE_DIR}/jobs/run.sh ${MPIEXEC_EXECUTABLE} ${np} ${arg_COMMAND})
        trireme_test_environment(${name}.np${np} ${arg_LABELS})
        set_tests_properties(${name}.np${np} PROPERTIES PROCESSORS 2)
    endforeach()
endfunction()
