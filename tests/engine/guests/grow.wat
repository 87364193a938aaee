;; Two memories that grow by as many pages as asked.
(module
  (memory (export "memory") 1)
  (memory $second (export "second") 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_second") (param i32) (result i32) (memory.grow $second (local.get 0))))
