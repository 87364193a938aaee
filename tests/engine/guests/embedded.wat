;; For the HTTP trigger as an embedder has it: calls a function of the embedder's, and has entry
;; points of the wrong type.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "test" "note" (func $note))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\20\00\00\00")
  (data (i32.const 16) "content-type: text/plain\n\nnoted\n")
  (func (export "_start")
    (call $note)
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "hang") (loop $again (br $again)))
  (func (export "odd") (param i64) (result i64) (local.get 0))
  (func (export "handle-http-request") (param i32) (result i64) (i64.const 7))
  (func (export "canonical_abi_realloc") (result i64) (i64.const -1)))
