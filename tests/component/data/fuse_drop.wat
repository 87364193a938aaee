;; A resource whose destructor notes its representation, and a function that only its export lets
;; ref.func name.
(component
  (import "note" (func $note (param "rep" u32)))
  (core func $noted (canon lower (func $note)))
  (core module $dtor
    (import "" "note" (func $note (param i32)))
    (func (export "dtor") (param i32) local.get 0 call $note))
  (core instance $d (instantiate $dtor (with "" (instance (export "note" (func $noted))))))
  (type $r (resource (rep i32) (dtor (core func $d "dtor"))))
  (core func $new (canon resource.new $r))
  (core func $drop (canon resource.drop $r))
  (core module $main
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "make") (param i32) local.get 0 call $new call $drop)
    (func $named (export "only-exported") (result i32) i32.const 42)
    (func (export "by-reference") (result i32) ref.func $named ref.is_null))
  (core instance $main (instantiate $main (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "make") (param "rep" u32) (canon lift (core func $main "make")))
  (func (export "by-reference") (result u32) (canon lift (core func $main "by-reference"))))
