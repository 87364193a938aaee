;; Records and tuples: flat, through memory when there are more than 16 values, and as results.
(component
  (core module $m
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $p i32)
      (local.set $p (i32.and
        (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $next (i32.add (local.get $p) (local.get 3)))
      local.get $p)
    ;; {x: s32, y: s32} -> the same, mirrored
    (func (export "mirror") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (i32.sub (i32.const 0) (local.get 0)))
      (i32.store (i32.const 20) (i32.sub (i32.const 0) (local.get 1)))
      i32.const 16)
    ;; seventeen u64 in memory
    (func (export "many") (param $p i32) (result i64)
      (local $i i32) (local $sum i64)
      (loop $more
        (local.set $sum (i64.add (local.get $sum)
          (i64.mul (i64.extend_i32_u (i32.add (local.get $i) (i32.const 1)))
            (i64.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 3)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $i) (i32.const 17))))
      local.get $sum)
    ;; (u8, {b: u16, c: u64}, f32): every field in another alignment
    (func (export "padded") (param i32 i32 i64 f32) (result i32)
      (i32.store8 (i32.const 32) (local.get 0))
      (i32.store16 (i32.const 40) (local.get 1))
      (i64.store (i32.const 48) (local.get 2))
      (f32.store (i32.const 56) (local.get 3))
      i32.const 32)
    (func (export "single") (param f64) (result f64)
      (f64.mul (local.get 0) (f64.const 2))))
  (core instance $i (instantiate $m))
  (type $point' (record (field "x" s32) (field "y" s32)))
  (export $point "point" (type $point'))
  (type $inner' (record (field "b" u16) (field "c" u64)))
  (export $inner "inner" (type $inner'))
  (type $one' (record (field "only" f64)))
  (export $one "one" (type $one'))
  (type $wide' (record
    (field "f1" u64) (field "f2" u64) (field "f3" u64) (field "f4" u64) (field "f5" u64)
    (field "f6" u64) (field "f7" u64) (field "f8" u64) (field "f9" u64) (field "f10" u64)
    (field "f11" u64) (field "f12" u64) (field "f13" u64) (field "f14" u64) (field "f15" u64)
    (field "f16" u64) (field "f17" u64)))
  (export $wide "wide" (type $wide'))
  (func (export "mirror") (param "p" $point) (result $point)
    (canon lift (core func $i "mirror") (memory (core memory $i "memory"))))
  (func (export "many") (param "w" $wide) (result u64)
    (canon lift (core func $i "many") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
  (func (export "padded") (param "t" (tuple u8 $inner f32)) (result (tuple u8 $inner f32))
    (canon lift (core func $i "padded") (memory (core memory $i "memory"))))
  ;; of one value only: no memory at all
  (func (export "single") (param "o" $one) (result $one) (canon lift (core func $i "single"))))

(assert_return
  (invoke "mirror" (record.const (field "x" s32.const 3) (field "y" s32.const -4)))
  (record.const (field "x" s32.const -3) (field "y" s32.const 4)))
(assert_return
  (invoke "many" (record.const
    (field "f1" u64.const 1) (field "f2" u64.const 0) (field "f3" u64.const 0)
    (field "f4" u64.const 0) (field "f5" u64.const 2) (field "f6" u64.const 0)
    (field "f7" u64.const 0) (field "f8" u64.const 0) (field "f9" u64.const 0)
    (field "f10" u64.const 0) (field "f11" u64.const 0) (field "f12" u64.const 0)
    (field "f13" u64.const 0) (field "f14" u64.const 0) (field "f15" u64.const 0)
    (field "f16" u64.const 0) (field "f17" u64.const 100)))
  (u64.const 1711))
(assert_return
  (invoke "padded" (tuple.const
    (u8.const 200)
    (record.const (field "b" u16.const 60000) (field "c" u64.const 0x123456789abcdef0))
    (f32.const -0.25)))
  (tuple.const
    (u8.const 200)
    (record.const (field "b" u16.const 60000) (field "c" u64.const 0x123456789abcdef0))
    (f32.const -0.25)))
(assert_return
  (invoke "single" (record.const (field "only" f64.const 21)))
  (record.const (field "only" f64.const 42)))
