# spin_bindgen(<target> WIT <path> [WORLD <name> | INTERFACE <name>] [IMPORT] [EXPORT]
#              [PREFIX <prefix>] [FEATURES <name>...])
#
# C bindings of a .wit file, or of the package in a folder, written while the project is built. Who
# links <target> compiles <prefix>.c and finds <prefix>.h; <target>_SOURCES holds their paths. Without
# PREFIX it is the name of WORLD or INTERFACE, else the file's. The rest is as `spin-bindgen --help`
# has it.
function(spin_bindgen target)
    cmake_parse_arguments(arg "IMPORT;EXPORT" "WIT;WORLD;INTERFACE;PREFIX" "FEATURES" ${ARGN})
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_WIT)
        message(FATAL_ERROR "spin_bindgen(${target}): WIT is needed, and none of these is known: "
            "\"${arg_UNPARSED_ARGUMENTS}\"")
    endif()
    cmake_path(ABSOLUTE_PATH arg_WIT NORMALIZE)
    if(NOT arg_PREFIX)
        cmake_path(GET arg_WIT STEM arg_PREFIX)
        if(arg_WORLD OR arg_INTERFACE) # "ns:pkg/name@1.0.0"
            string(REGEX REPLACE "^.*/|@.*$" "" arg_PREFIX "${arg_WORLD}${arg_INTERFACE}")
        endif()
    endif()
    string(REPLACE "-" "_" arg_PREFIX "${arg_PREFIX}")
    string(TOLOWER "${arg_PREFIX}" arg_PREFIX)

    # A file of 2022 uses others beside itself, a folder has its `deps`.
    if(IS_DIRECTORY "${arg_WIT}")
        file(GLOB_RECURSE inputs CONFIGURE_DEPENDS "${arg_WIT}/*.wit")
    else()
        cmake_path(GET arg_WIT PARENT_PATH folder)
        file(GLOB inputs CONFIGURE_DEPENDS "${folder}/*.wit")
    endif()

    set(options --prefix "${arg_PREFIX}")
    foreach(name WORLD INTERFACE)
        string(TOLOWER "${name}" option)
        if(arg_${name})
            list(APPEND options --${option} "${arg_${name}}")
        endif()
    endforeach()
    foreach(name IMPORT EXPORT)
        string(TOLOWER "${name}" option)
        if(arg_${name})
            list(APPEND options --${option})
        endif()
    endforeach()
    foreach(name ${arg_FEATURES})
        list(APPEND options --feature "${name}")
    endforeach()

    if(TARGET Spin::bindgen)
        set(program Spin::bindgen)
    else()
        set(program spin-bindgen) # in Spin's own build
    endif()
    set(out "${CMAKE_CURRENT_BINARY_DIR}/bindings/${target}")
    set(files "${out}/${arg_PREFIX}.c" "${out}/${arg_PREFIX}.h")
    file(MAKE_DIRECTORY "${out}")
    add_custom_command(
        OUTPUT ${files}
        COMMAND ${program} ${options} --output "${out}" "${arg_WIT}"
        DEPENDS ${program} ${inputs}
        VERBATIM
        COMMENT "Writing bindings ${arg_PREFIX}.{h,c}")
    add_custom_target(${target}_files DEPENDS ${files})
    add_library(${target} INTERFACE)
    add_dependencies(${target} ${target}_files)
    target_sources(${target} INTERFACE ${files})
    target_include_directories(${target} INTERFACE "${out}")
    set(${target}_SOURCES ${files} PARENT_SCOPE)
endfunction()
