;; What a guest must not do, each in an instance of its own: the call fails, and after it the
;; instance is not entered again.
(component definition $bad
  (core module $m
    (memory (export "memory") 1)
    ;; what realloc gives
    (global $give (mut i32) (i32.const 1024))
    (func (export "set-realloc") (param i32) (global.set $give (local.get 0)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) global.get $give)
    (func (export "trap") unreachable)
    (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
    (func (export "fine") (result i32) i32.const 1)
    (func (export "take") (param i32 i32))
    (func (export "same") (param i32) (result i32) local.get 0)
    ;; pointer and length at 16
    (func (export "pair") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      i32.const 16)
    (data (i32.const 32) "\ff\fe")          ;; never UTF-8
    (data (i32.const 36) "\e2\82")          ;; cut off
    (data (i32.const 40) "\ed\a0\80")       ;; a surrogate
    (data (i32.const 44) "\f4\90\80\80")    ;; after the last one
    (data (i32.const 48) "\c0\af")          ;; overlong
    (data (i32.const 52) "\00\d8\41\00")    ;; UTF-16: a surrogate alone
    (data (i32.const 56) "good")
    (func $loop (export "recurse") (call $loop)))
  (core instance $i (instantiate $m))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func (export "divide") (param "n" u32) (result u32) (canon lift (core func $i "divide")))
  (func (export "recurse") (canon lift (core func $i "recurse")))
  (func (export "fine") (result u32) (canon lift (core func $i "fine")))
  (func (export "set-realloc") (param "p" u32) (canon lift (core func $i "set-realloc")))
  (func (export "take-string") (param "s" string)
    (canon lift (core func $i "take") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "take-numbers") (param "s" (list u64))
    (canon lift (core func $i "take") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "string-at") (param "p" u32) (param "n" u32) (result string)
    (canon lift (core func $i "pair") (memory (core memory $i "memory"))))
  (func (export "utf16-at") (param "p" u32) (param "n" u32) (result string)
    (canon lift (core func $i "pair") (memory (core memory $i "memory")) string-encoding=utf16))
  (func (export "numbers-at") (param "p" u32) (param "n" u32) (result (list u32))
    (canon lift (core func $i "pair") (memory (core memory $i "memory"))))
  (func (export "pair-at") (param "p" u32) (result (tuple u32 u32))
    (canon lift (core func $i "same") (memory (core memory $i "memory")))))

(component instance $it $bad)
(assert_return (invoke "string-at" (u32.const 56) (u32.const 4)) (str.const "good"))
(assert_return (invoke "string-at" (u32.const 65536) (u32.const 0)) (str.const ""))
(assert_return (invoke "take-string" (str.const "x")))
(assert_trap (invoke "trap") "unreachable")
;; a trap is the instance's end
(assert_trap (invoke "fine") "cannot enter component instance")

(component instance $it $bad)
(assert_return (invoke "divide" (u32.const 1)) (u32.const 1))
(assert_trap (invoke "divide" (u32.const 0)) "integer divide by zero")
(component instance $it $bad)
(assert_trap (invoke "recurse") "call stack exhausted")

;; text that is none
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 32) (u32.const 2)) "invalid utf-8")
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 36) (u32.const 2)) "incomplete utf-8 byte sequence")
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 40) (u32.const 3)) "invalid utf-8")
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 44) (u32.const 4)) "invalid utf-8")
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 48) (u32.const 2)) "invalid utf-8")
(component instance $it $bad)
(assert_trap (invoke "utf16-at" (u32.const 52) (u32.const 2)) "unpaired surrogate")

;; pointers outside of the memory, or not aligned
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 65535) (u32.const 2)) "out of bounds")
(component instance $it $bad)
(assert_trap (invoke "string-at" (u32.const 4294967295) (u32.const 1)) "out of bounds")
(component instance $it $bad)
(assert_trap (invoke "utf16-at" (u32.const 57) (u32.const 1)) "not aligned")
(component instance $it $bad)
(assert_trap (invoke "numbers-at" (u32.const 58) (u32.const 1)) "not aligned")
(component instance $it $bad)
(assert_trap (invoke "numbers-at" (u32.const 0) (u32.const 16385)) "out of bounds")
(component instance $it $bad)
(assert_trap (invoke "numbers-at" (u32.const 0) (u32.const 1073741825)) "out of bounds")
(component instance $it $bad)
(assert_trap (invoke "pair-at" (u32.const 65532)) "out of bounds")
(component instance $it $bad)
(assert_trap (invoke "pair-at" (u32.const 2)) "not aligned")

;; an allocator that gives what is no place
(component instance $it $bad)
(assert_return (invoke "set-realloc" (u32.const 65536)))
(assert_trap (invoke "take-string" (str.const "x")) "out of bounds")
(component instance $it $bad)
(assert_return (invoke "set-realloc" (u32.const 4294967295)))
(assert_trap (invoke "take-string" (str.const "x")) "out of bounds")
(component instance $it $bad)
(assert_return (invoke "set-realloc" (u32.const 4)))
(assert_trap (invoke "take-numbers" (list.const (u64.const 1))) "not aligned")

;; the same between two components
(component definition $between
  (component $callee
    (core module $m
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
      (func (export "take") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "string") (param "s" string)
      (canon lift (core func $i "take") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
    (func (export "numbers") (param "s" (list u32))
      (canon lift (core func $i "take") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (component $caller
    (import "string" (func $string (param "s" string)))
    (import "numbers" (func $numbers (param "s" (list u32))))
    (core module $libc
      (memory (export "memory") 1)
      (data (i32.const 32) "a\ffb"))
    (core instance $libc (instantiate $libc))
    (core func $string (canon lower (func $string) (memory (core memory $libc "memory"))))
    (core func $numbers (canon lower (func $numbers) (memory (core memory $libc "memory"))))
    (core module $m
      (import "c" "string" (func $string (param i32 i32)))
      (import "c" "numbers" (func $numbers (param i32 i32)))
      (func (export "string") (param i32 i32) (call $string (local.get 0) (local.get 1)))
      (func (export "numbers") (param i32 i32) (call $numbers (local.get 0) (local.get 1))))
    (core instance $i (instantiate $m (with "c" (instance
      (export "string" (func $string)) (export "numbers" (func $numbers))))))
    (func (export "string") (param "p" u32) (param "n" u32) (canon lift (core func $i "string")))
    (func (export "numbers") (param "p" u32) (param "n" u32)
      (canon lift (core func $i "numbers"))))
  (instance $callee (instantiate $callee))
  (instance $caller (instantiate $caller
    (with "string" (func $callee "string")) (with "numbers" (func $callee "numbers"))))
  (alias export $caller "string" (func $string))
  (alias export $caller "numbers" (func $numbers))
  (export "string" (func $string))
  (export "numbers" (func $numbers)))
(component instance $it $between)
(assert_return (invoke "string" (u32.const 32) (u32.const 1)))
(assert_return (invoke "numbers" (u32.const 32) (u32.const 3)))
(assert_trap (invoke "string" (u32.const 32) (u32.const 3)) "invalid utf-8")
(component instance $it $between)
(assert_trap (invoke "string" (u32.const 65535) (u32.const 2)) "out of bounds")
(component instance $it $between)
(assert_trap (invoke "numbers" (u32.const 33) (u32.const 1)) "unaligned pointer")
(component instance $it $between)
(assert_trap (invoke "numbers" (u32.const 65532) (u32.const 2)) "out of bounds")
(component instance $it $between)
(assert_trap (invoke "numbers" (u32.const 0) (u32.const 1073741825)) "out of bounds")

;; a component that calls into one inside of itself
(component
  (component $inside
    (core module $m (func (export "f") (result i32) i32.const 1))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))
  (instance $inside (instantiate $inside))
  (core func $f (canon lower (func $inside "f")))
  (core module $m
    (import "" "f" (func $f (result i32)))
    (func (export "f") (result i32) (call $f)))
  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
(assert_trap (invoke "f") "cannot enter component instance")
