# llhttp: a library where the distribution has one; Debian 12 ships the generated C sources in its
# package node-llhttp, which become part of libspin.
add_library(spin_ext_llhttp INTERFACE)
pkg_check_modules(llhttp QUIET IMPORTED_TARGET libllhttp)
if(llhttp_FOUND)
    target_link_libraries(spin_ext_llhttp INTERFACE PkgConfig::llhttp)
    set(SPIN_LLHTTP_PACKAGE libllhttp)
    return()
endif()

find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
if(NOT LLHTTP_SOURCE_DIR OR NOT LLHTTP_INCLUDE_DIR)
    message(FATAL_ERROR "llhttp not found: install libllhttp-dev, or node-llhttp on Debian 12 "
        "(scripts/setup.sh does)")
endif()
add_library(spin_llhttp STATIC
    ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/http.c ${LLHTTP_SOURCE_DIR}/api.c)
target_include_directories(spin_llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
target_compile_options(spin_llhttp PRIVATE -w)
target_link_libraries(spin_ext_llhttp INTERFACE spin_llhttp)
