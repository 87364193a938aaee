;; Components in components: outer aliases, arguments of every kind, exports of exports, and the
;; names under which a host finds them.
(component
  (core module $seven (func (export "f") (result i32) i32.const 7))
  (type $number (func (result u32)))
  (component $outer
    ;; the module and the type are the root's
    (component $inner
      (core instance $i (instantiate $seven))
      (func (export "f") (type $number) (canon lift (core func $i "f"))))
    (instance $a (instantiate $inner))
    (export "again" (instance $a))
    (export "plain" (component $inner)))
  (instance $o (instantiate $outer))
  (alias export $o "plain" (component $plain))
  (instance $fresh (instantiate $plain))
  (export "deep" (instance $o))
  (export "fresh" (instance $fresh)))
(assert_return (invoke "fresh#f") (u32.const 7))

;; a module, a component, a type and an instance as arguments
(component
  (component $make
    (import "m" (core module $m (export "f" (func (result i32)))))
    (import "c" (component $c (export "g" (func (result u32)))))
    (type $u32 u32)
    (import "t" (type $t (eq $u32)))
    (import "i" (instance $i (export "h" (func (result u32)))))
    (instance $ci (instantiate $c))
    ;; a neighbour of what it calls: nobody may call into what is inside of it, or around it
    (component $adder
      (import "m" (core module $m (export "f" (func (result i32)))))
      (import "g" (func $g (result u32)))
      (import "h" (func $h (result u32)))
      (core instance $mi (instantiate $m))
      (core func $g (canon lower (func $g)))
      (core func $h (canon lower (func $h)))
      (core module $add
        (import "" "f" (func $f (result i32)))
        (import "" "g" (func $g (result i32)))
        (import "" "h" (func $h (result i32)))
        (func (export "sum") (result i32)
          (i32.add (call $f) (i32.add (call $g) (call $h)))))
      (core instance $a (instantiate $add (with "" (instance
        (export "f" (func $mi "f")) (export "g" (func $g)) (export "h" (func $h))))))
      (func (export "sum") (result u32) (canon lift (core func $a "sum"))))
    (instance $adder (instantiate $adder
      (with "m" (core module $m))
      (with "g" (func $ci "g"))
      (with "h" (func $i "h"))))
    (alias export $adder "sum" (func $sum))
    (export "sum" (func $sum) (func (result $t))))
  (core module $m
    (func (export "f") (result i32) i32.const 1)
    (func (export "more") (result i32) i32.const 9))
  (component $c
    (core module $m (func (export "g") (result i32) i32.const 20))
    (core instance $i (instantiate $m))
    (func (export "g") (result u32) (canon lift (core func $i "g"))))
  (component $d
    (core module $m (func (export "h") (result i32) i32.const 300))
    (core instance $i (instantiate $m))
    (func (export "h") (result u32) (canon lift (core func $i "h")))
    (func (export "unused") (result u32) (canon lift (core func $i "h"))))
  (instance $d (instantiate $d))
  (type $number u32)
  (instance $made (instantiate $make
    (with "m" (core module $m))
    (with "c" (component $c))
    (with "t" (type $number))
    (with "i" (instance $d))))
  (alias export $made "sum" (func $sum))
  (export "sum" (func $sum))
  (export "twice" (func $sum)))
(assert_return (invoke "sum") (u32.const 321))
(assert_return (invoke "twice") (u32.const 321))

;; an interface with its full name, found with and without its version
(component
  (core module $m
    (func (export "one") (result i32) i32.const 1)
    (func (export "two") (result i32) i32.const 2))
  (core instance $i (instantiate $m))
  (func $one (result u32) (canon lift (core func $i "one")))
  (func $two (result u32) (canon lift (core func $i "two")))
  (instance $api (export "one" (func $one)) (export "two" (func $two)))
  (export "test:names/api@1.2.3" (instance $api)))
(assert_return (invoke "test:names/api@1.2.3#one") (u32.const 1))
(assert_return (invoke "test:names/api@1.2.3#two") (u32.const 2))
(assert_return (invoke "test:names/api#one") (u32.const 1))
(assert_return (invoke "test:names/api@1.0.0#one") (u32.const 1))

;; a chain of thirty
(component
  (component $next
    (import "f" (func $f (result u32)))
    (core func $f (canon lower (func $f)))
    (core module $m
      (import "" "f" (func $f (result i32)))
      (func (export "f") (result i32) (i32.add (call $f) (i32.const 1))))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))
  (component $zero
    (core module $m (func (export "f") (result i32) i32.const 0))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))
  (instance $i0 (instantiate $zero))
  (instance $i1 (instantiate $next (with "f" (func $i0 "f"))))
  (instance $i2 (instantiate $next (with "f" (func $i1 "f"))))
  (instance $i3 (instantiate $next (with "f" (func $i2 "f"))))
  (instance $i4 (instantiate $next (with "f" (func $i3 "f"))))
  (instance $i5 (instantiate $next (with "f" (func $i4 "f"))))
  (instance $i6 (instantiate $next (with "f" (func $i5 "f"))))
  (instance $i7 (instantiate $next (with "f" (func $i6 "f"))))
  (instance $i8 (instantiate $next (with "f" (func $i7 "f"))))
  (instance $i9 (instantiate $next (with "f" (func $i8 "f"))))
  (instance $i10 (instantiate $next (with "f" (func $i9 "f"))))
  (instance $i11 (instantiate $next (with "f" (func $i10 "f"))))
  (instance $i12 (instantiate $next (with "f" (func $i11 "f"))))
  (instance $i13 (instantiate $next (with "f" (func $i12 "f"))))
  (instance $i14 (instantiate $next (with "f" (func $i13 "f"))))
  (instance $i15 (instantiate $next (with "f" (func $i14 "f"))))
  (instance $i16 (instantiate $next (with "f" (func $i15 "f"))))
  (instance $i17 (instantiate $next (with "f" (func $i16 "f"))))
  (instance $i18 (instantiate $next (with "f" (func $i17 "f"))))
  (instance $i19 (instantiate $next (with "f" (func $i18 "f"))))
  (instance $i20 (instantiate $next (with "f" (func $i19 "f"))))
  (instance $i21 (instantiate $next (with "f" (func $i20 "f"))))
  (instance $i22 (instantiate $next (with "f" (func $i21 "f"))))
  (instance $i23 (instantiate $next (with "f" (func $i22 "f"))))
  (instance $i24 (instantiate $next (with "f" (func $i23 "f"))))
  (instance $i25 (instantiate $next (with "f" (func $i24 "f"))))
  (instance $i26 (instantiate $next (with "f" (func $i25 "f"))))
  (instance $i27 (instantiate $next (with "f" (func $i26 "f"))))
  (instance $i28 (instantiate $next (with "f" (func $i27 "f"))))
  (instance $i29 (instantiate $next (with "f" (func $i28 "f"))))
  (instance $i30 (instantiate $next (with "f" (func $i29 "f"))))
  (alias export $i30 "f" (func $f))
  (export "f" (func $f)))
(assert_return (invoke "f") (u32.const 30))
