;; Start functions, data and elements run in the order in which instances are made.
(component
  (core module $log
    (global $digits (mut i32) (i32.const 0))
    (func (export "write") (param i32)
      (global.set $digits (i32.add (i32.mul (global.get $digits) (i32.const 10)) (local.get 0))))
    (func (export "digits") (result i32) global.get $digits))
  (core instance $log (instantiate $log))
  (core module $one
    (import "log" "write" (func $write (param i32)))
    (start $main)
    (func $main (call $write (i32.const 1))))
  (core module $two
    (import "log" "write" (func $write (param i32)))
    (start $main)
    (func $main (call $write (i32.const 2))))
  (core instance (instantiate $two (with "log" (instance $log))))
  (core instance (instantiate $one (with "log" (instance $log))))
  (core instance (instantiate $two (with "log" (instance $log))))
  (func (export "digits") (result u32) (canon lift (core func $log "digits"))))
(assert_return (invoke "digits") (u32.const 212))

;; a later instance writes over an earlier one's memory and table before its own start function
(component
  (core module $base
    (memory (export "memory") 1)
    (table (export "table") 2 funcref)
    (data (i32.const 0) "base")
    (elem (i32.const 0) $f $f)
    (func $f (result i32) i32.const 1)
    (func (export "call") (param i32) (result i32)
      (call_indirect (result i32) (local.get 0)))
    (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0))))
  (core instance $base (instantiate $base))
  (core module $over
    (import "base" "memory" (memory 1))
    (import "base" "table" (table 2 funcref))
    (import "base" "call" (func $call (param i32) (result i32)))
    (data (i32.const 1) "OV")
    (elem (i32.const 1) $g)
    (func $g (result i32) i32.const 20)
    (start $main)
    (func $main
      (i32.store8 (i32.const 3)
        (i32.add (call $call (i32.const 0)) (call $call (i32.const 1))))))
  (core instance (instantiate $over (with "base" (instance $base))))
  (func (export "byte") (param "at" u32) (result u8) (canon lift (core func $base "byte")))
  (func (export "call") (param "at" u32) (result u32) (canon lift (core func $base "call"))))
(assert_return (invoke "byte" (u32.const 0)) (u8.const 98))
(assert_return (invoke "byte" (u32.const 1)) (u8.const 79))
(assert_return (invoke "byte" (u32.const 2)) (u8.const 86))
(assert_return (invoke "byte" (u32.const 3)) (u8.const 21))
(assert_return (invoke "call" (u32.const 1)) (u32.const 20))

;; a start function calls another component, whose data is there by then
(component
  (component $inner
    (core module $m
      (memory 1)
      (data (i32.const 8) "\2a")
      (func (export "read") (result i32) (i32.load8_u (i32.const 8))))
    (core instance $i (instantiate $m))
    (func (export "read") (result u32) (canon lift (core func $i "read"))))
  (instance $inner (instantiate $inner))
  (component $outer
    (import "read" (func $read (result u32)))
    (core func $read (canon lower (func $read)))
    (core module $m
      (import "" "read" (func $read (result i32)))
      (global $seen (mut i32) (i32.const 0))
      (start $main)
      (func $main (global.set $seen (call $read)))
      (func (export "seen") (result i32) global.get $seen))
    (core instance $i (instantiate $m (with "" (instance (export "read" (func $read))))))
    (func (export "seen") (result u32) (canon lift (core func $i "seen"))))
  (instance $outer (instantiate $outer (with "read" (func $inner "read"))))
  (alias export $outer "seen" (func $seen))
  (export "seen" (func $seen)))
(assert_return (invoke "seen") (u32.const 42))

;; one that traps ends the instantiation
(assert_trap
  (component
    (core module $m (start $f) (func $f unreachable))
    (core instance (instantiate $m)))
  "unreachable")
;; and so does data outside of its memory, but not before earlier instances were made
(assert_trap
  (component
    (core module $good (memory 1) (data (i32.const 0) "x"))
    (core module $bad (memory 1) (data (i32.const 65536) "x"))
    (core instance (instantiate $good))
    (core instance (instantiate $bad)))
  "out of bounds")
