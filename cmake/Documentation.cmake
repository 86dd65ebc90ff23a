# The target `api`: doc/api in the build folder, from the comments of the public headers. It needs Doxygen.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
    set(TRIREME_API_OUTPUT ${PROJECT_BINARY_DIR}/doc/api)
    file(MAKE_DIRECTORY ${TRIREME_API_OUTPUT})
    configure_file(${PROJECT_SOURCE_DIR}/doc/Doxyfile.in ${PROJECT_BINARY_DIR}/doc/Doxyfile @ONLY)
    set(pages ${TRIREME_API_OUTPUT}/man/man3)
    add_custom_target(api
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages}
        COMMAND Doxygen::doxygen ${PROJECT_BINARY_DIR}/doc/Doxyfile
        COMMAND ${CMAKE_COMMAND} -DFOLDER=${pages} -P ${PROJECT_SOURCE_DIR}/cmake/ManualPages.cmake
        COMMENT "The reference of the public headers, in doc/api" VERBATIM)
    # Installed if it was built.
    install(DIRECTORY ${TRIREME_API_OUTPUT}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}
            COMPONENT documentation OPTIONAL)
endif()
