# Writes OUT, a header that defines TRIREME_COMMIT, only where its text changes. GIT may be empty. In an
# archive of the sources, which is no repository, the commit stands in commit.txt.
set(commit unknown)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/commit.txt archived LIMIT_COUNT 1)
if(NOT archived MATCHES "Format")
    set(commit ${archived})
    set(GIT "")
endif()
if(GIT)
    execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty
                    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(described)
        set(commit ${described})
    endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define TRIREME_COMMIT \"${commit}\"\n")
