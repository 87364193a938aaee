;; A function that throws out of its component.
(component
  (core module $main
    (tag $oops)
    (func (export "throw") (result i32) throw $oops))
  (core instance $main (instantiate $main))
  (func (export "throw") (result u32) (canon lift (core func $main "throw"))))
