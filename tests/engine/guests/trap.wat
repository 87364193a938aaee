;; Every way to trap that a host should tell apart.
(module
  (memory (export "memory") 1)
  (func $inner unreachable)
  (func $outer (export "unreachable") (call $inner))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "out_of_bounds") (result i32) (i32.load (i32.const 0x7fffffff)))
  (func $deep (export "overflow") (call $deep)))
