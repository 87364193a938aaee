;; Imports an instance in an instance.
(component
  (import "test:host/outer@1.2.0" (instance $outer
    (export "inner" (instance (export "f" (func (result u32)))))))
  (alias export $outer "inner" (instance $inner))
  (core func $f (canon lower (func $inner "f")))
  (core module $main
    (import "h" "f" (func $f (result i32)))
    (func (export "f") (result i32) (call $f)))
  (core instance $main (instantiate $main (with "h" (instance (export "f" (func $f))))))
  (func (export "f") (result u32) (canon lift (core func $main "f"))))
