# Writes OUT, a header that defines TRIREME_COMMIT, only where its text changes. GIT may be empty.
set(commit unknown)
if(GIT)
    execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty
                    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(described)
        set(commit ${described})
    endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define TRIREME_COMMIT \"${commit}\"\n")
