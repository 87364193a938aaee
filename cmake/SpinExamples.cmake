# Programs that embed libspin: examples/embed/<name>.c becomes examples/embed/<name> in the build
# folder. They see what an installation has, and the documents include pieces of them.
file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/examples/embed/*.c")
foreach(source ${sources})
    cmake_path(GET source STEM name)
    add_executable(embed_${name} "${source}")
    set_target_properties(embed_${name} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY examples/embed)
    target_link_libraries(embed_${name} PRIVATE spin_flags spin_library)
endforeach()
