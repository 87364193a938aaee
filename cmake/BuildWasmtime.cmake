# cmake -DCARGO=… -DCRATE=… -DOUT=… -P BuildWasmtime.cmake: builds the crate into OUT/target and puts
# OUT/lib/libspin_wasmtime.a and OUT/include beside it. Unchanged files keep their time, so that
# nothing downstream is rebuilt for them. Cargo's progress goes to stderr, which passes through.
execute_process(
    COMMAND ${CARGO} build --release --locked --manifest-path ${CRATE}/Cargo.toml
        --target-dir ${OUT}/target --message-format json-render-diagnostics
    OUTPUT_VARIABLE messages
    RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "cargo could not build Wasmtime (${failed})")
endif()

# conf.h among the headers is generated; cargo tells where.
string(REGEX MATCH "[^\n]*\"reason\":\"build-script-executed\"[^\n]*wasmtime-c-api-impl[^\n]*"
    line "${messages}")
if(NOT line)
    message(FATAL_ERROR "cargo did not say where Wasmtime's headers are")
endif()
string(JSON headers GET "${line}" out_dir)
file(MAKE_DIRECTORY "${OUT}/lib")
file(COPY "${headers}/include" DESTINATION "${OUT}" PATTERN "*.hh" EXCLUDE
    PATTERN "doc-wasm.h" EXCLUDE)
file(COPY_FILE "${OUT}/target/release/libspin_wasmtime.a" "${OUT}/lib/libspin_wasmtime.a"
    ONLY_IF_DIFFERENT)
