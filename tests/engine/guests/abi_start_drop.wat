;; Makes and drops a resource of its own in its start function; how many were destroyed, `destroyed`
;; says.
(module
  (import "[export]test:abi/guest@1.0.0" "[resource-new]thing" (func $new (param i32) (result i32)))
  (import "[export]test:abi/guest@1.0.0" "[resource-drop]thing" (func $drop (param i32)))
  (memory (export "memory") 1)
  (global $destroyed (mut i32) (i32.const 0))
  (func $begin (call $drop (call $new (i32.const 7))))
  (start $begin)
  (func (export "destroyed") (param i32) (result i32) (global.get $destroyed))
  (func (export "test:abi/guest@1.0.0#[dtor]thing") (param $rep i32)
    (global.set $destroyed (i32.add (global.get $destroyed) (local.get $rep)))))
