;; The shape that toolchains give a component: the main module needs lowered imports, which need its
;; memory, so it gets functions that call through a table, which is filled in afterwards.
(component
  (component $library
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
      (func (export "length") (param i32 i32) (result i32) local.get 1)
      (func (export "word") (result i32)
        (i32.store (i32.const 8) (i32.const 64))
        (i32.store (i32.const 12) (i32.const 5))
        i32.const 8)
      (data (i32.const 64) "words"))
    (core instance $i (instantiate $m))
    (func (export "length") (param "s" string) (result u32)
      (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
    (func (export "word") (result string)
      (canon lift (core func $i "word") (memory (core memory $i "memory")))))
  (instance $library (instantiate $library))

  (component $application
    (import "length" (func $length (param "s" string) (result u32)))
    (import "word" (func $word (result string)))
    (import "three" (func $three (result u32)))
    (core module $main
      (type $length (func (param i32 i32) (result i32)))
      (import "lib" "length" (func $length (type $length)))
      (import "lib" "word" (func $word (param i32)))
      (import "lib" "three" (func $three (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 32) "from the main module")
      ;; an import by reference, too
      (table 1 funcref)
      (elem (i32.const 0) $length)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
      (func (export "run") (result i32)
        (call $word (i32.const 16))
        (i32.add (call $three)
          (i32.mul (i32.const 10)
            (i32.add
              (call $length (i32.load (i32.const 16)) (i32.load (i32.const 20)))
              (call_indirect (type $length) (i32.const 32) (i32.const 20) (i32.const 0)))))))
    (core module $shim
      (type $length (func (param i32 i32) (result i32)))
      (type $word (func (param i32)))
      (table (export "$imports") 2 2 funcref)
      (func (export "0") (type $length)
        (call_indirect (type $length) (local.get 0) (local.get 1) (i32.const 0)))
      (func (export "1") (type $word) (call_indirect (type $word) (local.get 0) (i32.const 1))))
    (core module $fixup
      (import "" "0" (func (param i32 i32) (result i32)))
      (import "" "1" (func (param i32)))
      (import "" "$imports" (table 2 2 funcref))
      (elem (i32.const 0) func 0 1))
    (core instance $shim (instantiate $shim))
    (core func $three (canon lower (func $three))) ;; needs no memory, so no shim
    (core instance $main (instantiate $main (with "lib" (instance
      (export "length" (func $shim "0"))
      (export "word" (func $shim "1"))
      (export "three" (func $three))))))
    (core func $length (canon lower (func $length) (memory (core memory $main "memory"))))
    (core func $word (canon lower (func $word) (memory (core memory $main "memory"))
      (realloc (core func $main "realloc"))))
    (core instance (instantiate $fixup (with "" (instance
      (export "0" (func $length))
      (export "1" (func $word))
      (export "$imports" (table $shim "$imports"))))))
    (func (export "run") (result u32) (canon lift (core func $main "run"))))
  (import "host" (instance $host (export "return-three" (func (result u32)))))
  (instance $application (instantiate $application
    (with "length" (func $library "length"))
    (with "word" (func $library "word"))
    (with "three" (func $host "return-three"))))
  (alias export $application "run" (func $run))
  (export "run" (func $run)))
(assert_return (invoke "run") (u32.const 253))

;; a table that is called before it is filled is called empty
(component
  (core module $shim
    (table (export "t") 1 1 funcref)
    (func (export "f") (result i32) (call_indirect (result i32) (i32.const 0))))
  (core instance $shim (instantiate $shim))
  (func (export "f") (result u32) (canon lift (core func $shim "f"))))
(assert_trap (invoke "f") "uninitialized element")

;; the fix-up comes before some calls and after others
(component
  (core module $shim
    (table (export "t") 1 1 funcref)
    (func (export "f") (result i32) (call_indirect (result i32) (i32.const 0))))
  (core module $early
    (import "" "t" (table 1 1 funcref))
    (elem (i32.const 0) $one)
    (func $one (result i32) i32.const 1))
  (core module $caller
    (import "" "f" (func $f (result i32)))
    (global $seen (mut i32) (i32.const 0))
    (start $main)
    (func $main (global.set $seen (call $f)))
    (func (export "both") (result i32)
      (i32.add (i32.mul (global.get $seen) (i32.const 10)) (call $f))))
  (core module $late
    (import "" "t" (table 1 1 funcref))
    (elem (i32.const 0) $two)
    (func $two (result i32) i32.const 2))
  (core instance $shim (instantiate $shim))
  (core instance (instantiate $early (with "" (instance $shim))))
  (core instance $caller (instantiate $caller (with "" (instance $shim))))
  (core instance (instantiate $late (with "" (instance $shim))))
  (func (export "both") (result u32) (canon lift (core func $caller "both"))))
(assert_return (invoke "both") (u32.const 12))
