# What we take from elsewhere; docs/dependencies.md says why. Every dependency is an imported or
# interface target `spin_ext_<name>`.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(spin_external name package)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${package})
    add_library(spin_ext_${name} INTERFACE)
    target_link_libraries(spin_ext_${name} INTERFACE PkgConfig::${name})
endfunction()

spin_external(libuv "libuv>=1.44")
spin_external(jansson "jansson>=2.13")
spin_external(nettle "nettle>=3.7")
spin_external(curl "libcurl>=7.88")
spin_external(openssl "openssl>=3.0")
spin_external(hiredis "hiredis>=0.14")
include(SpinLlhttp)
include(SpinWasmtime)
