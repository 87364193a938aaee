;; Calls a host function, which answers later and through memory, from a start function.
(component
  (import "test:host/bytes@1.0.0" (instance $host
    (export "two" (func (result (tuple u32 u32))))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (core func $two (canon lower (func $host "two") (memory $mem)))
  (core module $main
    (import "m" "memory" (memory 1))
    (import "h" "two" (func $two (param i32)))
    (func $start (call $two (i32.const 16)))
    (start $start)
    (func (export "second") (result i32) (i32.load (i32.const 20))))
  (core instance $main (instantiate $main
    (with "m" (instance $memory)) (with "h" (instance (export "two" (func $two))))))
  (func (export "second") (result u32) (canon lift (core func $main "second"))))
