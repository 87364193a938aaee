;; Components that are not valid, or no components at all.
(assert_invalid
  (component
    (core module $m (func (export "f") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))
  "lowered")
(assert_invalid
  (component
    (core module $m (func (export "f") (param i32 i32)))
    (core instance $i (instantiate $m))
    (func (export "f") (param "s" string) (canon lift (core func $i "f"))))
  "canonical option `memory` is required")
(assert_invalid
  (component
    (import "f" (func $f (param "s" string)))
    (core func (canon lower (func $f))))
  "canonical option `memory` is required")
(assert_invalid
  (component
    (import "a" (func))
    (import "a" (func)))
  "conflicts with previous name")
(assert_invalid
  (component
    (core module $m (import "a" "b" (func)))
    (core instance (instantiate $m)))
  "missing module instantiation argument")
(assert_invalid
  (component
    (core module $m (import "a" "b" (func (param i32))))
    (core module $n (func (export "b") (param i64)))
    (core instance $n (instantiate $n))
    (core instance (instantiate $m (with "a" (instance $n)))))
  "type mismatch")
(assert_invalid
  (component
    (component $c (import "f" (func (result u32))))
    (core module $m (func (export "f") (result i32) i32.const 0))
    (core instance $i (instantiate $m))
    (func $f (result s32) (canon lift (core func $i "f")))
    (instance (instantiate $c (with "f" (func $f)))))
  "type mismatch")
(assert_invalid
  (component (core module (func (result i32))))
  "type mismatch")
(assert_invalid
  (component (import "Not_Kebab" (func)))
  "not in kebab case")
(assert_invalid
  (component (type (borrow 0)))
  "unknown type")
(assert_invalid
  (component
    (type $r (resource (rep i32)))
    (type (func (result (borrow $r)))))
  "result")
(assert_invalid
  (component
    (import "r" (type $r (sub resource)))
    (core func (canon resource.new $r)))
  "not a local resource")
(assert_invalid
  (component (type (variant (case "a") (case "a"))))
  "conflicts with previous")
(assert_invalid
  (component (type (flags)))
  "at least one")
(assert_malformed (component binary "\00asm\0d\00") "unexpected end")
(assert_malformed (component binary "\00asm\0e\00\01\00") "unknown binary version")
(assert_malformed (component binary "\00asm\0d\00\01\00" "\01\7f") "unexpected end")
(assert_malformed (component binary "\00asm\0d\00\01\00" "\63\00") "malformed section id")
;; a section longer than what is in it
(assert_malformed (component binary "\00asm\0d\00\01\00" "\07\03\00\00\00") "size mismatch")
;; a count without what it counts
(assert_malformed (component binary "\00asm\0d\00\01\00" "\07\05\ff\ff\ff\ff\0f") "unexpected end")
