;; As fuse_shim, but code runs before the table is filled in: a call through it would trap then.
(component
  (import "log" (func $log (param "text" string)))
  (core module $shim
    (type (func (param i32 i32)))
    (func (export "0") (type 0) local.get 0 local.get 1 i32.const 0 call_indirect (type 0))
    (table (export "$imports") 1 1 funcref))
  (core module $main
    (import "host" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello")
    (start $start) (func $start)
    (func $run (export "run") i32.const 16 i32.const 5 call $log)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
  (core module $fixup
    (import "" "0" (func (param i32 i32)))
    (import "" "$imports" (table 1 1 funcref))
    (elem (i32.const 0) func 0))
  (core instance $shim (instantiate $shim))
  (alias core export $shim "0" (core func $late))
  (core instance $host (export "log" (func $late)))
  (core instance $main (instantiate $main (with "host" (instance $host))))
  (alias core export $main "memory" (core memory $memory))
  (core func $lowered (canon lower (func $log) (memory $memory)))
  (alias core export $shim "$imports" (core table $table))
  (core instance $args (export "0" (func $lowered)) (export "$imports" (table $table)))
  (core instance (instantiate $fixup (with "" (instance $args))))
  (func (export "run") (canon lift (core func $main "run"))))
