;; Core modules that the host gives.
(component
  (core type $Wanted (module
    (type $f (func (param i32) (result i64)))
    (import "env" "log" (func (type $f)))
    (import "env" "spare" (global i32))
    (export "memory" (memory 1))
    (export "f" (func (type $f)))))
  (import "given" (core module $Given (type $Wanted)))
  (import "host" (instance $host (export "same" (core module (type $Wanted)))))
  (core module $Env
    (func (export "log") (param i32) (result i64) unreachable)
    (global (export "spare") i32 (i32.const 0)))
  (core instance $env (instantiate $Env))
  (core instance $given (instantiate $Given (with "env" (instance $env))))
  (core instance (instantiate (module $host "same") (with "env" (instance $env))))
  (func (export "f") (param "a" u32) (result u64) (canon lift (core func $given "f")))
  (export "env" (core module $Env)))
