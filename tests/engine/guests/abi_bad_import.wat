;; Imports a function of the host's with another signature.
(module
  (import "test:abi/edge" "take" (func (param i64)))
  (memory (export "memory") 1))
