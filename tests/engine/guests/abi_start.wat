;; Calls host functions in its start function, when its exports are not there yet.
(module
  (import "test:abi/host" "greet" (func $greet (param i32 i32 i32)))
  (import "test:abi/host" "later" (func $later (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "wide world")
  (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (i32.const 4096))
  (func $begin
    (drop (call $later (i32.const 5)))
    (call $greet (i32.const 512) (i32.const 10) (i32.const 64)))
  (start $begin)
  (func (export "greeting") (result i32) (i32.const 64)))
