# The products: libspin.a, libspin.so and the command line.
set(objects "")
foreach(module ${SPIN_MODULES})
    list(APPEND objects $<TARGET_OBJECTS:${module}>)
endforeach()
if(TARGET spin_llhttp) # compiled from source, so it is ours to carry
    list(APPEND objects $<TARGET_OBJECTS:spin_llhttp>)
endif()

# All that libspin needs from elsewhere when it is linked.
add_library(spin_externals INTERFACE)
target_link_libraries(spin_externals INTERFACE
    spin_ext_wasmtime spin_ext_libuv spin_ext_jansson spin_ext_nettle spin_ext_curl spin_ext_openssl
    spin_ext_hiredis)
if(SPIN_LLHTTP_PACKAGE)
    target_link_libraries(spin_externals INTERFACE spin_ext_llhttp)
endif()

# libspin.a is one relocatable object whose only global symbols are the public ones: an archive has
# no version script, and names such as `buf_append` belong to whoever links us.
set(static_library "${CMAKE_CURRENT_BINARY_DIR}/libspin.a")
set(merged "${CMAKE_CURRENT_BINARY_DIR}/libspin.o")
add_custom_command(
    OUTPUT "${static_library}"
    COMMAND ${CMAKE_LINKER} -r -o "${merged}" ${objects}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard "--keep-global-symbol=spin_*" "${merged}"
    COMMAND ${CMAKE_COMMAND} -E rm -f "${static_library}"
    COMMAND ${CMAKE_AR} qcs "${static_library}" "${merged}"
    DEPENDS ${SPIN_MODULES} ${objects}
    COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "Linking libspin.a")
add_custom_target(spin_static ALL DEPENDS "${static_library}")

add_library(spin_library INTERFACE)
add_dependencies(spin_library spin_static)
target_include_directories(spin_library INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}/include")
target_link_libraries(spin_library INTERFACE "${static_library}" spin_externals)

# libspin.so carries the engine inside and exports its C API too: <spin/engine.h> hands out the
# engine's objects, and a second copy of the engine in the caller would not know them.
set(map "${CMAKE_CURRENT_BINARY_DIR}/libspin.map")
string(REGEX MATCH "^[0-9]+" SPIN_WASMTIME_MAJOR "${SPIN_WASMTIME_VERSION}")
configure_file(src/libspin.map "${map}" @ONLY)
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/empty.c" "typedef int spin_empty;\n")
add_library(spin_shared SHARED ${objects} "${CMAKE_CURRENT_BINARY_DIR}/empty.c")
target_link_options(spin_shared PRIVATE "-Wl,--version-script=${map}"
    "-Wl,--whole-archive,${SPIN_WASMTIME_LIBRARY},--no-whole-archive")
target_link_libraries(spin_shared PRIVATE spin_externals)
set_target_properties(spin_shared PROPERTIES OUTPUT_NAME spin LINK_DEPENDS "${map}"
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
if(NOT SPIN_SANITIZE)
    target_link_options(spin_shared PRIVATE -Wl,--no-undefined)
endif()

# The command line sees the public headers and nothing else.
file(GLOB_RECURSE cli_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/cli/*.c")
if(cli_sources)
    list(TRANSFORM SPIN_CLI_COMMON PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" OUTPUT_VARIABLE common)
    list(REMOVE_ITEM cli_sources ${common})
    add_executable(spin ${cli_sources} $<TARGET_OBJECTS:spin_cli_common>)
    set_target_properties(spin PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(spin PRIVATE spin_flags spin_library)
endif()
