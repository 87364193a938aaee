;; Imports functions and a resource that the host implements.
(module
  (import "test:abi/host" "greet" (func $greet (param i32 i32 i32)))
  (import "test:abi/host" "later" (func $later (param i32) (result i32)))
  (import "test:abi/host" "[constructor]counter" (func $counter (param i32) (result i32)))
  (import "test:abi/host" "[method]counter.add" (func $add (param i32 i32) (result i32)))
  (import "test:abi/host" "consume" (func $consume (param i32) (result i32)))
  (import "test:abi/host" "[resource-drop]counter" (func $drop (param i32)))
  (memory (export "memory") 1 40)
  (global $heap (mut i32) (i32.const 4096))
  (global $mode (mut i32) (i32.const 0))
  (data (i32.const 512) "wide world")

  (func (export "set") (param i32) (global.set $mode (local.get 0)))
  (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (local $left i32)
    (if (i32.eq (global.get $mode) (i32.const 1)) (then (unreachable)))
    (if (i32.eq (global.get $mode) (i32.const 2)) (then (return (i32.const 0xffff))))
    (if (i32.eq (global.get $mode) (i32.const 3)) (then (drop (call $later (i32.const 1)))))
    (if (i32.eq (global.get $mode) (i32.const 4)) (then (loop (br 0))))
    (if (i32.eq (global.get $mode) (i32.const 5)) ;; longer than a slice of time
      (then
        (local.set $left (i32.const 30000000))
        (loop
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if 0 (local.get $left)))))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get $size))))

  ;; what `greet` says of "wide world"
  (func (export "greeting") (result i32)
    (call $greet (i32.const 512) (i32.const 10) (i32.const 64))
    (i32.const 64))
  (func (export "bad-greeting") (param i32 i32 i32) (result i32)
    (call $greet (local.get 0) (local.get 1) (local.get 2))
    (i32.const 0))
  (func (export "later") (param i32) (result i32) (call $later (local.get 0)))

  ;; begin at 40, add 2, drop or not
  (func (export "count") (param $how i32) (result i32)
    (local $handle i32) (local $sum i32)
    (local.set $handle (call $counter (i32.const 40)))
    (local.set $sum (call $add (local.get $handle) (i32.const 2)))
    (if (i32.eq (local.get $how) (i32.const 1)) (then (call $drop (local.get $handle))))
    (if (i32.eq (local.get $how) (i32.const 2))
      (then (call $drop (local.get $handle)) (call $drop (local.get $handle))))
    (if (i32.eq (local.get $how) (i32.const 3))
      (then (drop (call $add (i32.const 77) (i32.const 1)))))
    (if (i32.eq (local.get $how) (i32.const 4))
      (then (drop (call $consume (local.get $handle)))
            (drop (call $add (local.get $handle) (i32.const 1)))))
    (if (i32.eq (local.get $how) (i32.const 5))
      (then (drop (call $consume (local.get $handle)))))
    (local.get $sum))
  ;; takes a borrowed one: adds 5, and drops its handle or keeps it
  (func (export "borrowed") (param $handle i32) (param $keep i32) (result i32)
    (call $add (local.get $handle) (i32.const 5))
    (if (i32.eqz (local.get $keep)) (then (call $drop (local.get $handle))))))
