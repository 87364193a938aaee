;; Takes and gives text in a memory of 64-bit addresses.
(component
  (core module $main
    (memory (export "memory") i64 1)
    (global $at (mut i64) (i64.const 1024))
    (func (export "realloc") (param i64 i64 i64 i64) (result i64)
      (global.get $at)
      (global.set $at (i64.add (global.get $at) (local.get 3))))
    (func (export "echo") (param i64 i64) (result i64)
      (i64.store (i64.const 16) (local.get 0))
      (i64.store (i64.const 24) (local.get 1))
      (i64.const 16))
    (func (export "one") (result i32) (i32.const 1)))
  (core instance $main (instantiate $main))
  (alias core export $main "memory" (core memory $mem))
  (alias core export $main "realloc" (core func $realloc))
  (func (export "one") (result u32) (canon lift (core func $main "one")))
  (func (export "echo") (param "s" string) (result string)
    (canon lift (core func $main "echo") (memory $mem) (realloc $realloc))))
