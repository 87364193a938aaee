;; The second instance's segment is out of bounds: the start function of the first has run by then.
(component
  (import "note" (func $note))
  (core func $noted (canon lower (func $note)))
  (core module $first
    (import "" "note" (func $note))
    (memory (export "memory") 1)
    (start $note))
  (core module $second
    (import "" "memory" (memory 1))
    (import "" "note" (func $note))
    (data (i32.const 65535) "ab")
    (start $note))
  (core instance $args (export "note" (func $noted)))
  (core instance $a (instantiate $first (with "" (instance $args))))
  (core instance $more (export "note" (func $noted)) (export "memory" (memory $a "memory")))
  (core instance (instantiate $second (with "" (instance $more)))))
