;; Segments and start functions of several instances, which see each other's work. "get" tells of it:
;; bytes 0 to 3 of the memory.
(component
  (core module $owner
    (memory (export "memory") 1)
    (global (export "where") i32 (i32.const 0))
    (global (export "moved") (mut i32) (i32.const 0))
    (table (export "table") 2 2 funcref)
    (func (export "get") (result i32) i32.const 0 i32.load)
    (data (i32.const 0) "\01\01\01\01"))
  (core module $early ;; nothing ran before it
    (import "a" "memory" (memory 1))
    (import "a" "where" (global $where i32))
    (data (global.get $where) "\02"))
  (core module $adder ;; twice: adds 10 to each of the first two bytes, 1 to a word that it imports
    (import "a" "memory" (memory 1))
    (import "a" "moved" (global $moved (mut i32)))
    (import "a" "table" (table 2 2 funcref))
    (type $nothing (func))
    (global $mine (mut i32) (i32.const 10))
    (elem (i32.const 0) func $add)
    (func $add
      (i32.store8 (global.get $moved)
        (i32.add (i32.load8_u (global.get $moved)) (global.get $mine)))
      (global.set $moved (i32.add (global.get $moved) (i32.const 1))))
    (func $start i32.const 0 call_indirect (type $nothing))
    (start $start))
  (core module $late ;; after code ran: it writes over what that did
    (import "a" "memory" (memory 1))
    (data (i32.const 1) "\07")
    (data (i32.const 3) "\09"))
  (core instance $a (instantiate $owner))
  (core instance (instantiate $early (with "a" (instance $a))))
  (core instance (instantiate $adder (with "a" (instance $a))))
  (core instance (instantiate $adder (with "a" (instance $a))))
  (core instance (instantiate $late (with "a" (instance $a))))
  (func (export "get") (result u32) (canon lift (core func $a "get"))))
