;; More than 4 GiB: in one memory with 64-bit addresses, and in two together.
(component
  (component $long
    (core module $m
      (memory (export "memory") i64 0x1_0001)
      (func (export "alloc") (param i64 i64 i64 i64) (result i64) (i64.const 0x1_0000_0020))
      (func (export "length") (param i64 i64) (result i32)
        (i32.add (i32.wrap_i64 (local.get 1)) (i32.load8_u (local.get 0)))))
    (core instance $i (instantiate $m))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $i "length") (memory (core memory $i "memory"))
        (realloc (core func $i "alloc")))))
  (component $short
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $text (memory (export "memory") 1) (data (i32.const 8) "Axx"))
    (core instance $text (instantiate $text))
    (core func $length' (canon lower (func $length) (memory (core memory $text "memory"))))
    (core module $m
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "run") (result i32) (call $length (i32.const 8) (i32.const 3))))
    (core instance $i (instantiate $m (with "" (instance (export "length" (func $length'))))))
    (func (export "run") (result u32) (canon lift (core func $i "run"))))
  (instance $long (instantiate $long))
  (instance $short (instantiate $short (with "length" (func $long "length"))))
  (export "run" (func $short "run")))
(assert_return (invoke "run") (u32.const 68))
(component
  (core module $m
    (memory $small 1)
    (memory $left 0xc000)
    (memory $right 0xc000)
    (func (export "high") (result i32)
      (i32.store $left (i32.const 0xbfff_fff0) (i32.const 1))
      (i32.store $right (i32.const 0xbfff_fff0) (i32.const 2))
      (i32.add (i32.load $left (i32.const 0xbfff_fff0)) (i32.load $right (i32.const 0xbfff_fff0)))))
  (core instance $i (instantiate $m))
  (func (export "high") (result u32) (canon lift (core func $i "high"))))
(assert_return (invoke "high") (u32.const 3))

;; the host's side of a call knows 32-bit addresses only, and says so before it is built
(assert_invalid
  (component
    (core module $m
      (memory (export "memory") i64 1)
      (func (export "alloc") (param i64 i64 i64 i64) (result i64) (i64.const 32))
      (func (export "length") (param i64 i64) (result i32) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $i "length") (memory (core memory $i "memory"))
        (realloc (core func $i "alloc")))))
  "64-bit addresses")
