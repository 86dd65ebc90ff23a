# Doxygen's manual pages in FOLDER: renames the page of a header to trireme_NAME.h.3 and removes the links for
# members of structs.
file(GLOB pages RELATIVE ${FOLDER} ${FOLDER}/*.3)
foreach(page ${pages})
    if(page MATCHES "^(tri_|TRI)" AND NOT page MATCHES "_ENUM\\.3$")
        file(READ ${FOLDER}/${page} text)
        string(REGEX REPLACE "^\\.so man3/([a-z_]+\\.h\\.3)" ".so man3/trireme_\\1" text "${text}")
        file(WRITE ${FOLDER}/${page} "${text}")
    elseif(page MATCHES "\\.h\\.3$")
        file(RENAME ${FOLDER}/${page} ${FOLDER}/trireme_${page})
    else()
        file(REMOVE ${FOLDER}/${page})
    endif()
endforeach()
