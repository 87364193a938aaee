;; Today's canonical ABI, well-behaved until `set` says otherwise.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2 40)
  (global $heap (mut i32) (i32.const 4096))
  (global $alloc_mode (mut i32) (i32.const 0))
  (global $result_mode (mut i32) (i32.const 0))
  (global $posts (mut i32) (i32.const 0))
  (data (i32.const 1024) "\ff\fe!!")

  (func (export "set") (param i32 i32)
    (global.set $alloc_mode (local.get 0))
    (global.set $result_mode (local.get 1)))
  (func (export "posts") (result i32) (global.get $posts))

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32)
        (param $size i32) (result i32)
    (if (i32.eq (global.get $alloc_mode) (i32.const 1)) (then (return (i32.const 0xfffffff0))))
    (if (i32.eq (global.get $alloc_mode) (i32.const 2)) (then (return (i32.const 4097))))
    (if (i32.eq (global.get $alloc_mode) (i32.const 3)) (then (unreachable)))
    (if (i32.eq (global.get $alloc_mode) (i32.const 4)) (then (loop (br 0))))
    (if (i32.eq (global.get $alloc_mode) (i32.const 6)) ;; takes its time
      (then
        (local.set $old (i32.const 20000000))
        (loop
          (local.set $old (i32.sub (local.get $old) (i32.const 1)))
          (br_if 0 (local.get $old)))))
    (if (i32.eq (global.get $alloc_mode) (i32.const 5)) (then (call $proc_exit (i32.const 0))))
    (global.set $heap
      (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (local.set $old (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16))
                                        (i32.const 1))))))
    (local.get $old))

  ;; echo: func(msg: string) -> string
  (func (export "echo") (param $ptr i32) (param $len i32) (result i32)
    (i32.store (i32.const 64) (local.get $ptr))
    (i32.store (i32.const 68) (local.get $len))
    (if (i32.eq (global.get $result_mode) (i32.const 1))
      (then (i32.store (i32.const 64) (i32.const 0xfffffff0))))
    (if (i32.eq (global.get $result_mode) (i32.const 2)) (then (return (i32.const 65))))
    (if (i32.eq (global.get $result_mode) (i32.const 3)) (then (return (i32.const 0x1fffc))))
    (if (i32.eq (global.get $result_mode) (i32.const 4))
      (then (i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 4))))
    (if (i32.eq (global.get $result_mode) (i32.const 5))
      (then (i32.store (i32.const 68) (i32.const -1))))
    (if (i32.eq (global.get $result_mode) (i32.const 6)) (then (unreachable)))
    (if (i32.eq (global.get $result_mode) (i32.const 7)) (then (call $proc_exit (i32.const 0))))
    (if (i32.eq (global.get $result_mode) (i32.const 8)) (then (loop (br 0))))
    (i32.const 64))
  (func (export "cabi_post_echo") (param i32)
    (if (i32.eq (global.get $result_mode) (i32.const 9)) (then (unreachable)))
    (if (i32.ne (local.get 0) (i32.const 64)) (then (unreachable)))
    (global.set $heap (i32.const 4096))
    (global.set $posts (i32.add (global.get $posts) (i32.const 1))))

  ;; identity: func(list: list<string>) -> list<string>
  (func (export "identity") (param $ptr i32) (param $len i32) (result i32)
    (i32.store (i32.const 64) (local.get $ptr))
    (i32.store (i32.const 68) (local.get $len))
    (if (i32.eq (global.get $result_mode) (i32.const 1))
      (then (i32.store (i32.const 68) (i32.const 0x20000001))))
    (if (i32.eq (global.get $result_mode) (i32.const 2))
      (then (i32.store (i32.const 64) (i32.const 2))))
    (i32.const 64))

  ;; many: func(a: string) -> list<string>, each of them the same 64 KiB
  (func (export "many") (param i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.const 65536))
    (loop
      (i32.store (local.get $at) (i32.const 0))
      (i32.store offset=4 (local.get $at) (i32.const 65536))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if 0 (i32.lt_u (local.get $at) (i32.const 73728))))
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
    (i32.store (i32.const 64) (i32.const 65536))
    (i32.store (i32.const 68) (i32.const 1024))
    (i32.const 64))

  ;; sum: func of seventeen u64, through memory
  (func (export "sum") (param $at i32) (result i64)
    (local $end i32) (local $sum i64)
    (local.set $end (i32.add (local.get $at) (i32.const 136)))
    (loop
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if 0 (i32.ne (local.get $at) (local.get $end))))
    (local.get $sum))

  ;; color: func() -> an enum of three cases
  (func (export "color") (result i32) (global.get $result_mode))
  ;; four kinds of flat values
  (func (export "mix") (param i32 i64 f32 f64) (result f64)
    (f64.add (f64.add (f64.convert_i32_u (local.get 0)) (f64.convert_i64_s (local.get 1)))
             (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))
  (func (export "wrong") (param i64)))
