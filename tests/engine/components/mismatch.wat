;; Imports a function by another type than the host's, whose core signature is the same: the host
;; gives a list.
(component
  (import "test:host/bytes@1.0.0" (instance $host
    (export "read" (func (result (tuple u32 u32))))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (core func $read (canon lower (func $host "read") (memory $mem)))
  (core module $main
    (import "m" "memory" (memory 1))
    (import "h" "read" (func $read (param i32)))
    (func (export "read") (result i32) (call $read (i32.const 16)) (i32.load (i32.const 16))))
  (core instance $main (instantiate $main
    (with "m" (instance $memory)) (with "h" (instance (export "read" (func $read))))))
  (func (export "read") (result u32) (canon lift (core func $main "read"))))
