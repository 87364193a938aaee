;; What the host gives: functions, resources, an instance in an instance, and types that are equal
;; to others. One of two functions is exported on.
(component
  (import "plain" (func $plain (param "a" f32) (result f64)))
  (import "file" (type $file (sub resource)))
  (import "a:b/streams" (instance $streams
    (export "stream" (type $stream (sub resource)))
    (type $what' (variant (case "gone") (case "odd" (own $stream))))
    (export "what" (type $what (eq $what')))
    (export "[method]stream.read" (func (param "self" (borrow $stream)) (result (result (error $what)))))
    (export "inner" (instance
      (export "open" (func async (param "names" (list string)))))
    )))
  (alias export $streams "stream" (type $stream))
  (import "a:b/users" (instance $users
    (alias outer 1 $stream (type $stream'))
    (export "stream" (type $stream (eq $stream')))
    (export "use" (func (param "s" (option (own $stream)))))))
  (core func $read (canon lower (func $plain)))
  (core func $drop (canon resource.drop $stream))
  (core module $Main
    (import "" "read" (func (param f32) (result f64)))
    (import "" "drop" (func (param i32))))
  (core instance (instantiate $Main (with "" (instance
    (export "read" (func $read)) (export "drop" (func $drop))))))
  (export "again" (func $plain))
  (export "file-too" (type $file))
  (export "less" (instance $streams) (instance
    (export "stream" (type (eq $stream)))
    (export "inner" (instance)))))
