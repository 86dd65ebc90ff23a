# What the test folders share.

# trireme_test_program(NAME SOURCE...): linked with the library and able to see its internal headers.
function(trireme_test_program name)
    add_executable(${name} ${ARGN})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE trireme_static trireme_settings m)
endfunction()

# In front of a test that starts mpirun.
set(trireme_own_tmp ${PROJECT_SOURCE_DIR}/tests/own_tmp.sh)

# trireme_test_environment(NAME label...): doc/testing.md says what the labels mean. TIMEOUT ends a test that
# hangs; it is no limit on the time of one that does not, on however busy a machine.
set(trireme_suppressions ${PROJECT_SOURCE_DIR}/tests/suppressions)
set(trireme_environment TRIREME_NETWORK=none
    LSAN_OPTIONS=suppressions=${trireme_suppressions}/lsan.txt:print_suppressions=0
    TSAN_OPTIONS=suppressions=${trireme_suppressions}/tsan.txt
    UBSAN_OPTIONS=print_stacktrace=1
    ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0)
function(trireme_test_environment name)
    set_tests_properties(${name} PROPERTIES
        LABELS "${ARGN}" TIMEOUT 1800 SKIP_RETURN_CODE 77
        ENVIRONMENT "${trireme_environment}")
endfunction()

# trireme_mpi_test(NAME RANKS n... [FULL n...] LABELS label... COMMAND program args...): one CTest test per
# number of ranks, by the launcher and the environment that jobs/env.sh sets for the MPI library of this
# build. Those of FULL are labelled full, too, and so are more ranks than 3 of a library whose ranks do not
# give their core away while they wait: on two cores they take minutes.
function(trireme_mpi_test name)
    cmake_parse_arguments(arg "" "" "RANKS;FULL;LABELS;COMMAND" ${ARGN})
    foreach(np ${arg_RANKS} ${arg_FULL})
        add_test(NAME ${name}.np${np}
                 COMMAND ${trireme_own_tmp} ${PROJECT_SOURCE_DIR}/jobs/run.sh ${MPIEXEC_EXECUTABLE} ${np}
                 ${arg_COMMAND})
        if(np IN_LIST arg_FULL OR (np GREATER 3 AND TRIREME_MPI_FAMILY MATCHES "mpich|intel"))
            trireme_test_environment(${name}.np${np} ${arg_LABELS} full)
        else()
            trireme_test_environment(${name}.np${np} ${arg_LABELS})
        endif()
        set_tests_properties(${name}.np${np} PROPERTIES PROCESSORS 2)
    endforeach()
endfunction()
