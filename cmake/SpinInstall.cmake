# make install: the command lines, both libraries, headers, spin.pc and a CMake package. The engine's
# headers and static library go into folders of their own, so that they meet no other Wasmtime.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(SPIN_ENGINE_DIR "spin-wasmtime")

foreach(program spin spin-bindgen)
    if(TARGET ${program})
        install(TARGETS ${program} RUNTIME)
    endif()
endforeach()
install(TARGETS spin_shared LIBRARY)
install(FILES "${static_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${SPIN_WASMTIME_LIBRARY}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/${SPIN_ENGINE_DIR}")
install(DIRECTORY include/spin DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${SPIN_WASMTIME_INCLUDE}/"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${SPIN_ENGINE_DIR}"
    FILES_MATCHING PATTERN "*.h")

# Both packages find everything relative to where they lie: an installation can be moved.
# libcurl is named by its file: `pkg-config --static` would ask for all that it is itself made of.
set(SPIN_REQUIRES_PRIVATE libuv jansson nettle openssl hiredis ${SPIN_LLHTTP_PACKAGE})
list(JOIN SPIN_REQUIRES_PRIVATE " " SPIN_PC_REQUIRES_PRIVATE)
cmake_path(GET SPIN_WASMTIME_LIBRARY STEM engine_name)
string(REGEX REPLACE "^lib" "" SPIN_ENGINE_NAME "${engine_name}")
set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
    BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${pkgconfig_dir}" OUTPUT_VARIABLE SPIN_PC_PREFIX)
configure_file(cmake/spin.pc.in spin.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/spin.pc" DESTINATION "${pkgconfig_dir}")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Spin")
configure_package_config_file(cmake/SpinConfig.cmake.in SpinConfig.cmake
    INSTALL_DESTINATION "${package_dir}"
    PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(SpinConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/SpinConfig.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/SpinConfigVersion.cmake" DESTINATION "${package_dir}")
if(TARGET spin-bindgen)
    install(FILES cmake/SpinBindgen.cmake DESTINATION "${package_dir}")
endif()
