# doctor starts even if MPI does not: it links only what it calls. It learns about MPI from doctor-probe, a
# program like the others, which it starts.
file(GLOB sources CONFIGURE_DEPENDS doctor/*.c)
list(FILTER sources EXCLUDE REGEX "/probe\\.c$")
add_executable(doctor ${sources} driver/options.c driver/nearest.c driver/help.c driver/environment.c
                      driver/text.c)
add_executable(doctor-probe doctor/probe.c doctor/folder.c)
target_link_options(doctor PRIVATE LINKER:--as-needed)
foreach(program doctor doctor-probe)
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${program} PRIVATE trireme_static trireme_settings PkgConfig::jansson
                                             ${CMAKE_DL_LIBS} m)
    set_property(GLOBAL APPEND PROPERTY trireme_apps ${program})
endforeach()
