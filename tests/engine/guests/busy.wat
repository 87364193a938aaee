;; Takes its time, and ends.
(module
  (memory (export "memory") 1)
  (func (export "spin") (param $thousands i32) (result i32) (local $left i32)
    (local.set $left (i32.mul (local.get $thousands) (i32.const 1000)))
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get $left) (i32.const 0))))
    (i32.const 42)))
