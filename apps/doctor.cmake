# doctor must start where MPI does not: it is linked with what it calls and no more. What it finds out about MPI it has
# from doctor-probe, a program like the others, which it starts.
add_executable(doctor doctor.c doctor_files.c doctor_folder.c doctor_launch.c doctor_machine.c doctor_map.c doctor_mpi.c doctor_opencl.c
                      options.c help.c)
add_executable(doctor-probe doctor_probe.c doctor_folder.c)
target_link_options(doctor PRIVATE LINKER:--as-needed)
foreach(program doctor doctor-probe)
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${program} PRIVATE trireme_static trireme_settings PkgConfig::jansson ${CMAKE_DL_LIBS} m)
    set_property(GLOBAL APPEND PROPERTY trireme_apps ${program})
endforeach()
