;; Calls by itself what only the helpers of src/component/legacy.c may call.
(module
  (import "spin:legacy" "sizes" (func $sizes (param i32 i32)))
  (import "spin:legacy" "fill" (func $fill (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "later") (param i32) (result i32)
    (if (local.get 0)
      (then (call $fill (i32.const 0) (i32.const 0)))
      (else (call $sizes (i32.const 0) (i32.const 1))))
    (i32.const 0)))
