# Wasmtime: the crate of third_party/wasmtime, compiled by cargo once for all presets, or an
# official release given as WASMTIME_DIR (which lacks the shim: SPIN_WASMTIME_SHIM=0).
set(shim_dir "${CMAKE_CURRENT_SOURCE_DIR}/third_party/wasmtime")
add_library(spin_ext_wasmtime INTERFACE)

if(WASMTIME_DIR)
    set(SPIN_WASMTIME_LIBRARY "${WASMTIME_DIR}/lib/libwasmtime.a")
    set(SPIN_WASMTIME_INCLUDE "${WASMTIME_DIR}/include")
    if(NOT EXISTS "${SPIN_WASMTIME_LIBRARY}" OR NOT EXISTS "${SPIN_WASMTIME_INCLUDE}/wasmtime.h")
        message(FATAL_ERROR "WASMTIME_DIR=${WASMTIME_DIR} holds no lib/libwasmtime.a and "
            "include/wasmtime.h")
    endif()
    set(SPIN_WASMTIME_SHIM 0)
    file(STRINGS "${SPIN_WASMTIME_INCLUDE}/wasmtime.h" version_line
        REGEX "define WASMTIME_VERSION \"")
else()
    find_program(CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
    set(out "${SPIN_THIRD_PARTY_DIR}/wasmtime")
    set(SPIN_WASMTIME_LIBRARY "${out}/lib/libspin_wasmtime.a")
    set(SPIN_WASMTIME_INCLUDE "${out}/include")
    set(SPIN_WASMTIME_SHIM 1)
    file(STRINGS "${shim_dir}/Cargo.toml" version_line REGEX "^version = \"=")
    file(MAKE_DIRECTORY "${SPIN_WASMTIME_INCLUDE}")
    file(GLOB_RECURSE shim_sources CONFIGURE_DEPENDS "${shim_dir}/src/*.rs")
    add_custom_command(
        OUTPUT "${SPIN_WASMTIME_LIBRARY}"
        BYPRODUCTS "${SPIN_WASMTIME_INCLUDE}/wasmtime.h"
        COMMAND ${CMAKE_COMMAND} -DCARGO=${CARGO} -DCRATE=${shim_dir} -DOUT=${out}
            -P "${CMAKE_CURRENT_LIST_DIR}/BuildWasmtime.cmake"
        DEPENDS "${shim_dir}/Cargo.toml" "${shim_dir}/Cargo.lock" ${shim_sources}
            "${CMAKE_CURRENT_LIST_DIR}/BuildWasmtime.cmake"
        COMMENT "Wasmtime (once; some minutes)"
        USES_TERMINAL VERBATIM)
    add_custom_target(wasmtime DEPENDS "${SPIN_WASMTIME_LIBRARY}")
    add_dependencies(spin_ext_wasmtime wasmtime)
    target_include_directories(spin_ext_wasmtime SYSTEM INTERFACE "${shim_dir}/include")
endif()

string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" SPIN_WASMTIME_VERSION "${version_line}")
target_compile_definitions(spin_ext_wasmtime INTERFACE
    SPIN_WASMTIME_SHIM=${SPIN_WASMTIME_SHIM}
    SPIN_WASMTIME_VERSION="${SPIN_WASMTIME_VERSION}")
target_include_directories(spin_ext_wasmtime SYSTEM INTERFACE "${SPIN_WASMTIME_INCLUDE}")

# ThreadSanitizer does not see how Wasmtime's own threads synchronise, as Rust's atomics are not
# instrumented. It can leave a shared library out (tests/tsan.supp), so there it is one.
if(SPIN_SANITIZE STREQUAL "thread")
    set(shared "${CMAKE_CURRENT_BINARY_DIR}/libwasmtime-uninstrumented.so")
    set(uninstrumented_map "${CMAKE_CURRENT_BINARY_DIR}/libwasmtime-uninstrumented.map")
    file(WRITE "${uninstrumented_map}"
        "{ global: wasm_*; wasmtime_*; spin_wasmtime_*; local: *; };\n")
    add_custom_command(OUTPUT "${shared}"
        COMMAND ${CMAKE_C_COMPILER} -shared -o "${shared}" -Wl,-z,now -Wl,--gc-sections
            "-Wl,--version-script=${uninstrumented_map}"
            -Wl,--whole-archive "${SPIN_WASMTIME_LIBRARY}" -Wl,--no-whole-archive -lpthread -ldl -lm
        DEPENDS "${SPIN_WASMTIME_LIBRARY}" VERBATIM)
    add_custom_target(wasmtime_uninstrumented DEPENDS "${shared}")
    add_dependencies(spin_ext_wasmtime wasmtime_uninstrumented)
    target_link_libraries(spin_ext_wasmtime INTERFACE "${shared}")
    target_link_options(spin_ext_wasmtime INTERFACE "-Wl,-rpath,${CMAKE_CURRENT_BINARY_DIR}")
else()
    target_link_libraries(spin_ext_wasmtime INTERFACE "${SPIN_WASMTIME_LIBRARY}")
endif()
target_link_libraries(spin_ext_wasmtime INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
