;; Never returns.
(module
  (memory (export "memory") 1)
  (func (export "run") (loop $again (br $again)))
  (func (export "quick") (result i32) (i32.const 42)))
