;; An import with a string as its result, an allocator and a post-return that try to leave, and an
;; import during which the host tries to enter again.
(component
  (import "name" (func $name (result string)))
  (import "note" (func $note))
  (core module $memory
    (memory (export "memory") 1)
    (global (export "leave") (mut i32) (i32.const 0)))
  (core instance $m (instantiate $memory))
  (core func $noted (canon lower (func $note)))
  (core module $alloc
    (import "" "note" (func $note))
    (import "" "leave" (global $leave (mut i32)))
    (global $next (mut i32) (i32.const 1000))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (if (global.get $leave) (then call $note))
      (global.set $next (i32.add (global.get $next) (i32.const 8)))
      global.get $next))
  (core instance $alloc (instantiate $alloc (with "" (instance
    (export "note" (func $noted)) (export "leave" (global $m "leave"))))))
  (core func $named (canon lower (func $name) (memory (core memory $m "memory"))
    (realloc (core func $alloc "cabi_realloc"))))
  (core module $main
    (import "" "note" (func $note))
    (import "" "name" (func $name (param i32)))
    (import "" "memory" (memory 1))
    (import "" "leave" (global $leave (mut i32)))
    (func (export "ask") (result i32)
      i32.const 8 call $name
      (i32.mul (i32.load (i32.const 8)) (i32.load (i32.const 12))))
    (func (export "set") (param i32) local.get 0 global.set $leave)
    (func (export "post") (param i32) call $note)
    (func (export "text") (result i32) i32.const 8)
    (func (export "again") call $note))
  (core instance $main (instantiate $main (with "" (instance
    (export "note" (func $noted)) (export "name" (func $named))
    (export "memory" (memory $m "memory")) (export "leave" (global $m "leave"))))))
  (func (export "ask") (result u32) (canon lift (core func $main "ask")))
  (func (export "set") (param "leave" u32) (canon lift (core func $main "set")))
  (func (export "again") (canon lift (core func $main "again")))
  (func (export "text") (result string) (canon lift (core func $main "text")
    (memory (core memory $m "memory")) (post-return (core func $main "post")))))
