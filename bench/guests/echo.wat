;; echo: func(msg: string) -> string and take: func(bytes: list<u8>) -> u32, in today's ABI (`echo`,
;; with post-return, and `plain`, without) for bench/abi_call.c.
(module
  (import "bench:abi/host" "reply" (func $reply (param i32 i32 i32)))
  (memory (export "memory") 64)
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param $old i32) (param i32) (param $align i32) (param $size i32)
        (result i32)
    (local.set $old
      (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $old) (local.get $size)))
    (local.get $old))
  (func $echo (param i32 i32) (result i32)
    (i32.store (i32.const 64) (local.get 0))
    (i32.store (i32.const 68) (local.get 1))
    (i32.const 64))
  (func (export "echo") (param i32 i32) (result i32)
    (call $echo (local.get 0) (local.get 1)))
  (func (export "cabi_post_echo") (param i32) (global.set $heap (i32.const 4096)))
  (func (export "plain") (param i32 i32) (result i32)
    (global.set $heap (i32.const 4096))
    (call $echo (local.get 0) (local.get 1)))
  (func (export "take") (param i32 i32) (result i32)
    (global.set $heap (i32.const 4096))
    (local.get 1))
  ;; calls: func(times: u32) -> u32, each `reply: func(msg: string) -> string` of 1 KiB
  (func (export "calls") (param $times i32) (result i32)
    (loop
      (global.set $heap (i32.const 4096))
      (call $reply (i32.const 65536) (i32.const 1024) (i32.const 64))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if 0 (local.get $times)))
    (i32.load (i32.const 68))))
