# Included by the installation with program, component (documentation or runtime), emulator and out: writes
# the manual page or the completion of the program below the folder out. bench has a page for each of its
# subjects, which its help lists.
cmake_path(GET program FILENAME name)
execute_process(COMMAND ${emulator} ${program} --man OUTPUT_VARIABLE page RESULT_VARIABLE failed ERROR_QUIET)
if(NOT failed MATCHES "^[0-9]+$")
    message(WARNING "no manual page of ${name}: ${emulator} ${program}: ${failed}")
endif()
if(page MATCHES "^\\.TH ")
    if(component STREQUAL documentation)
        file(WRITE ${out}/man/man1/trireme-${name}.1 "${page}")
    else()
        execute_process(COMMAND ${emulator} ${program} --completion OUTPUT_FILE ${out}/completions/${name})
    endif()
elseif(component STREQUAL documentation)
    execute_process(COMMAND ${emulator} ${program} --help OUTPUT_VARIABLE help ERROR_QUIET)
    string(REGEX MATCHALL "\n  [a-z0-9]+" subjects "${help}")
    foreach(subject ${subjects})
        string(STRIP "${subject}" subject)
        execute_process(COMMAND ${emulator} ${program} ${subject} --man
                        OUTPUT_FILE ${out}/man/man1/trireme-${name}-${subject}.1)
    endforeach()
endif()
