;; A resource that is imported as another one need not be there; if it is, it must be the same.
(component definition $Maker
  (type $thing' (resource (rep i32)))
  (export $thing "thing" (type $thing'))
  (export "alias" (type $thing)))
(component instance $one $Maker)
(component instance $two $Maker)
(component
  (import "one" (instance $one (export "thing" (type (sub resource)))))
  (alias export $one "thing" (type $thing))
  (import "nobody" (instance (export "thing" (type (eq $thing))))))
(component
  (import "one" (instance $one (export "thing" (type (sub resource)))))
  (import "two" (instance $two (export "thing" (type (sub resource))))))
(assert_unlinkable
  (component
    (import "one" (instance $one (export "thing" (type (sub resource)))))
    (alias export $one "thing" (type $thing))
    (import "two" (instance (export "thing" (type (eq $thing))))))
  "mismatched resource types")
(assert_unlinkable
  (component
    (import "host" (instance
      (export "resource1" (type (sub resource)))
      (export "resource2" (type $second (sub resource)))
      (export "resource1-again" (type (eq $second))))))
  "mismatched resource types")
(component
  (import "host" (instance
    (export "resource1" (type $first (sub resource)))
    (export "resource1-again" (type (eq $first))))))
