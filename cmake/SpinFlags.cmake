# How all of our own C is compiled. The flags sit on `spin_flags`, so that third-party sources are
# free of our warnings.
include(CheckCCompilerFlag)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON) # the static library too: it ends in PIEs and in libspin.so
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

add_library(spin_flags INTERFACE)
target_compile_definitions(spin_flags INTERFACE _GNU_SOURCE)
target_compile_options(spin_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror=implicit-function-declaration
    # GCC guesses here: snprintf is how text is cut on purpose, and that no maker of an error returns
    # NULL it can't know. Clang and the analyzer (make lint) look for what is truly uninitialized.
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation> $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    $<$<C_COMPILER_ID:Clang>:-Wno-gnu-zero-variadic-macro-arguments>
    $<$<BOOL:${SPIN_WERROR}>:-Werror>)

# What the whole program is built with, ours or not.
add_compile_options(-ffunction-sections -fdata-sections -fno-plt)
add_link_options(-Wl,--gc-sections -Wl,--as-needed -Wl,-z,relro,-z,now,-z,noexecstack)
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "SPIN_HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
        add_compile_options(${flag})
    endif()
endforeach()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SPIN_SANITIZE)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

if(SPIN_SANITIZE)
    add_compile_options(-fsanitize=${SPIN_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${SPIN_SANITIZE})
endif()
if(SPIN_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "the fuzz targets need clang: cmake --preset fuzz")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SPIN_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()

include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
