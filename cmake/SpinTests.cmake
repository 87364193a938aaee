# One executable, one process and one time limit for each tests/unit/test_<thing>.c. They link the
# modules themselves, not libspin.a, so that they reach what is internal.
pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
file(GLOB test_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/tests/unit/test_*.c")

set(environment
    ASAN_OPTIONS=detect_leaks=1
    UBSAN_OPTIONS=print_stacktrace=1
    # A Wasm trap is a signal, in whose handler Wasmtime allocates: it knows that it interrupted a guest.
    # Processes are forked while a test's client is a thread; what they run has locks of its own.
    "TSAN_OPTIONS=report_signal_unsafe=0:die_after_fork=0:suppressions=${CMAKE_CURRENT_SOURCE_DIR}/tests/tsan.supp")
foreach(source ${test_sources})
    cmake_path(GET source STEM name)
    spin_modules_of("${source}" modules)
    add_executable(${name} "${source}")
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY unit)
    target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/tests/unit")
    target_compile_definitions(${name} PRIVATE SPIN_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE spin_flags ${modules} PkgConfig::cmocka PkgConfig::jansson)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 60 LABELS unit ENVIRONMENT "${environment}")
endforeach()

# Bindings of random types, which these tests compare with what is done without any. Warnings
# count: the types are those that nobody would write.
add_executable(random_wit tests/bindgen/random_wit.c)
target_include_directories(random_wit PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/tests/unit")
target_link_libraries(random_wit PRIVATE spin_flags spin_wit spin_base m)
set(random_dir "${CMAKE_CURRENT_BINARY_DIR}/random")
set(random_sources "${random_dir}/today.c" "${random_dir}/old.c" "${random_dir}/table.c")
file(MAKE_DIRECTORY "${random_dir}")
add_custom_command(OUTPUT ${random_sources} "${random_dir}/today.h" "${random_dir}/old.h"
                   COMMAND random_wit "${random_dir}" 60 DEPENDS random_wit VERBATIM)
set_source_files_properties(${random_sources} PROPERTIES COMPILE_DEFINITIONS
                            spin_abi_link=random_captured_link)
foreach(name test_abi_bindings test_component_property)
    target_sources(${name} PRIVATE ${random_sources})
    target_include_directories(${name} PRIVATE "${random_dir}")
    target_compile_definitions(${name} PRIVATE SPIN_RANDOM_DIR="${random_dir}")
endforeach()

# Hostile guests, called by what spin-bindgen writes.
spin_bindgen(test_canonical WIT tests/engine/canonical.wit PREFIX canonical)
target_link_libraries(test_abi_edge PRIVATE test_canonical)

# A component, in both directions.
spin_bindgen(test_shop WIT tests/engine/components/shop/shop.wit PREFIX shop)
target_link_libraries(test_component_bindings PRIVATE test_shop)

target_link_libraries(test_legacy_interfaces PRIVATE guest_redis)

# What the official TOML suite runs (tests/toml-test/run.sh).
add_executable(toml_decoder tests/toml-test/decoder.c)
target_link_libraries(toml_decoder PRIVATE spin_flags spin_base m)

# What public WASI test suites run (tests/wasi/run.py).
spin_modules_of("${CMAKE_CURRENT_SOURCE_DIR}/tests/wasi/driver.c" modules)
add_executable(wasi_driver tests/wasi/driver.c)
target_link_libraries(wasi_driver PRIVATE spin_flags ${modules})

# What component suites run (tests/component/run.py). Public headers only.
add_executable(component_suite tests/component/run.c tests/component/worlds.c
               tests/component/host.c tests/component/values.c)
target_link_libraries(component_suite PRIVATE spin_flags spin_library PkgConfig::jansson)
add_executable(component_example tests/component/example.c) # of docs/components.md
target_link_libraries(component_example PRIVATE spin_flags spin_library)
add_test(NAME component_example
         COMMAND component_example "${CMAKE_CURRENT_SOURCE_DIR}/tests/component/guests/plain.wasm")
set_tests_properties(component_example PROPERTIES TIMEOUT 60 ENVIRONMENT "${environment}"
                     PASS_REGULAR_EXPRESSION "Hello, you!")
