# The kernels' sources.
set(gpu_kernels ${folder}/common.cl ${folder}/words.cl ${folder}/exact.cl)
file(STRINGS ${folder}/kernels.def gpu_lines REGEX "^X")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/kernels.def)
foreach(line ${gpu_lines})
    string(REGEX REPLACE "X\\((.*)\\)" "\\1" kernel ${line})
    list(APPEND gpu_kernels ${folder}/${kernel}.cl)
endforeach()
set(gpu_source ${CMAKE_CURRENT_BINARY_DIR}/gpu_source.c)
add_custom_command(OUTPUT ${gpu_source}
    COMMAND ${CMAKE_COMMAND} -DOUT=${gpu_source} -P ${folder}/embed.cmake -- ${gpu_kernels}
    DEPENDS ${gpu_kernels} ${folder}/embed.cmake)
target_sources(trireme_gpu PRIVATE ${gpu_source})
