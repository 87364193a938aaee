;; What tests/unit/test_abi_value.c calls by types of its own, named as today's worlds export.
(module
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32)
        (param $size i32) (result i32)
    (global.set $heap
      (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (local.set $old (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (local.get $old))

  (func $pair (param $first i32) (param $second i32) (result i32)
    (i32.store (i32.const 64) (local.get $first))
    (i32.store (i32.const 68) (local.get $second))
    (i32.const 64))
  ;; A string, or a list of anything.
  (func $echo (param i32 i32) (result i32) (call $pair (local.get 0) (local.get 1)))
  (export "plain" (func $echo))
  (export "test:it/api@1.0.0#echo" (func $echo))
  (export "test:it/api@1.0.0#people" (func $echo))
  (func (export "cabi_post_plain") (param i32) (global.set $heap (i32.const 4096)))

  ;; last: func(all: tuple<string * 9>) -> string, through memory
  (func (export "test:it/api@1.0.0#last") (param $at i32) (result i32)
    (call $pair (i32.load offset=64 (local.get $at)) (i32.load offset=68 (local.get $at))))

  ;; choose: func(c: choice) -> choice
  (func (export "test:it/api@1.0.0#choose") (param $case i32) (param $bits i64) (result i32)
    (i32.store8 (i32.const 64) (local.get $case))
    (i64.store (i32.const 72) (local.get $bits))
    (i32.const 64))

  ;; sum: func(a: s8, b: s16) -> s32
  (func (export "test:it/api@1.0.0#sum") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  ;; color: func() -> an enum of three cases; this is none of them
  (func (export "test:it/api@1.0.0#color") (result i32) (i32.const 3))
  (func (export "test:it/api@1.0.0#nothing"))
  ;; Of another signature than the world says.
  (func (export "test:it/api@1.0.0#wrong") (param i64))
  ;; text: func() -> string, which is not UTF-8
  (data (i32.const 1024) "\ff\fe")
  (func (export "test:it/api@1.0.0#text") (result i32)
    (call $pair (i32.const 1024) (i32.const 2)))
  ;; far: func() -> list<u64>, 2^29 + 1 of them
  (func (export "test:it/api@1.0.0#far") (result i32)
    (call $pair (i32.const 1024) (i32.const 0x20000001)))

  (func (export "test:it/api@1.0.0#[constructor]thing") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1)))
  (func (export "test:it/api@1.0.0#[method]thing.get") (param i32) (result i32)
    (i32.mul (local.get 0) (i32.const 10))))
