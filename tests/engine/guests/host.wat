;; Calls functions that an embedder adds.
(module
  (import "test" "wait" (func $wait (param i32) (result i32)))
  (import "test" "double" (func $double (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "double") (param i32) (result i32) (call $double (local.get 0))))
