;; An asynchronous function that calls the host.
(component
  (import "test:host/abuse@1.2.0" (instance $host
    (export "poke" (func (param "n" u32) (result u32)))))
  (core func $poke (canon lower (func $host "poke")))
  (core func $return (canon task.return (result u32)))
  (core module $main
    (import "h" "poke" (func $poke (param i32) (result i32)))
    (import "h" "return" (func $return (param i32)))
    (func (export "run") (param i32) (result i32)
      (call $return (call $poke (local.get 0)))
      (i32.const 0))
    (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
  (core instance $main (instantiate $main (with "h" (instance
    (export "poke" (func $poke)) (export "return" (func $return))))))
  (func (export "run") async (param "n" u32) (result u32)
    (canon lift (core func $main "run") async (callback (core func $main "callback")))))
