;; As abi_2022.wat, with functions whose stores do not tell their layout: it shows from results.
(module
  (memory (export "memory") 2 40)
  (global $heap (mut i32) (i32.const 4096))
  (global $live (mut i32) (i32.const 0))

  (func $alloc (export "canonical_abi_realloc") (param $old i32) (param $old_size i32)
        (param $align i32) (param $size i32) (result i32)
    (global.set $heap
      (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (local.set $old (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.shr_u (local.get $size) (i32.const 16))
                                        (i32.const 1))))))
    (global.set $live (i32.add (global.get $live) (local.get $size)))
    (local.get $old))
  (func (export "canonical_abi_free") (param $ptr i32) (param $size i32) (param $align i32)
    (global.set $live (i32.sub (global.get $live) (local.get $size)))
    (if (i32.eqz (global.get $live)) (then (global.set $heap (i32.const 4096)))))
  (func (export "live") (result i32) (global.get $live))

  ;; where the area is, nobody can tell without running it
  (data (i32.const 32) "\c0\00\00\00")
  (func (export "hidden-slots") (param $ptr i32) (param $len i32) (result i32)
    (i32.store (i32.load (i32.const 32)) (local.get $ptr))
    (i32.store (i32.add (i32.load (i32.const 32)) (i32.const 8)) (local.get $len))
    (i32.load (i32.const 32)))
  (func (export "hidden-canonical") (param $ptr i32) (param $len i32) (result i32)
    (i32.store (i32.load (i32.const 32)) (local.get $ptr))
    (i32.store (i32.add (i32.load (i32.const 32)) (i32.const 4)) (local.get $len))
    (i32.load (i32.const 32))))
