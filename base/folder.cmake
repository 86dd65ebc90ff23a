# The kernels of sums are compiled once per SIMD level and chosen at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set_source_files_properties(${folder}/sum_kernels_avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
    set_source_files_properties(${folder}/sum_kernels_avx512.c PROPERTIES COMPILE_OPTIONS
        "-mavx512f;-mavx512cd;-mavx512bw;-mavx512dq;-mavx512vl;-mfma;-mprefer-vector-width=512")
    set_source_files_properties(${folder}/sum_table_ifma.c PROPERTIES COMPILE_OPTIONS
        "-mavx512f;-mavx512vl;-mavx512ifma")
endif()
