package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// EngineOptions says how guests run; zero is the default everywhere.
type EngineOptions struct {
	MaxInstances int
	MaxMemory    int64 // bytes, of one instance
	Timeout      time.Duration
	CacheDir     string
	DisableCache bool
	// Variables has values of the application's; they win over the process's environment.
	Variables map[string]string
}

func (o *EngineOptions) toC(mem *arena) *C.spin_engine_options_t {
	if o == nil {
		return nil
	}
	c := (*C.spin_engine_options_t)(mem.alloc(1, unsafe.Sizeof(C.spin_engine_options_t{})))
	c.size = C.size_t(unsafe.Sizeof(*c))
	c.max_instances = C.uint32_t(o.MaxInstances)
	c.max_memory_bytes = C.uint64_t(o.MaxMemory)
	c.timeout_ms = milliseconds(o.Timeout)
	c.cache_dir = mem.optional(o.CacheDir)
	c.disable_cache = C.bool(o.DisableCache)
	c.variables = mem.pairs(o.Variables)
	c.variables_len = C.size_t(len(o.Variables))
	return c
}

func (o *EngineOptions) check() error {
	if o == nil {
		return nil
	}
	for name, value := range o.Variables {
		if err := noNUL(name, value); err != nil {
			return err
		}
	}
	return noNUL(o.CacheDir)
}

// milliseconds rounds up, so that what is not zero stays so.
func milliseconds(d time.Duration) C.uint64_t {
	return C.uint64_t((max(d, 0) + time.Millisecond - 1) / time.Millisecond)
}

// Engine holds an application's components, compiled. Calls of its instances take turns: libspin
// lets one thread at a time into an engine. Several engines are independent of each other.
type Engine struct {
	mu     sync.Mutex
	inside atomic.Int64 // the thread that is in C with it, or 0
	c      *C.spin_execution_context_t
	live   map[*C.spin_instance_t]struct{}
	host   *host
}

// Instance is one component, ready to be called, in a store of its own.
type Instance struct {
	engine *Engine
	c      *C.spin_instance_t
}

// NewEngine compiles the components of an application. options may be nil.
func NewEngine(app *Application, options *EngineOptions) (*Engine, error) {
	if app == nil {
		return nil, newError(Usage, "no application: see NewEngineBuilder")
	}
	builder, err := NewEngineBuilder(app, options)
	if err != nil {
		return nil, err
	}
	return builder.Build()
}

// isInside says whether a function of Go's that a guest of this engine has called asks.
func (e *Engine) isInside() bool { return e.inside.Load() == int64(syscall.Gettid()) }

// enter runs what goes into C with the engine, which may call functions of Go's.
func (e *Engine) enter(run func() error) error {
	if e.isInside() {
		return newError(Usage, "the engine is in the middle of this call")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e.inside.Store(int64(syscall.Gettid()))
	defer e.inside.Store(0)
	e.host.failure = nil
	return e.host.join(run())
}

// Close frees the engine and all instances that are left. Inside of a call it does so after that.
func (e *Engine) Close() {
	if e.isInside() {
		go e.Close()
		return
	}
	e.enter(func() error {
		runtime.SetFinalizer(e, nil)
		for instance := range e.live {
			C.spin_instance_free(instance)
		}
		C.spin_execution_context_free(e.c)
		e.live, e.c = nil, nil
		e.host.forget()
		return nil
	})
}

// Prepare makes a fresh instance of a component.
func (e *Engine) Prepare(component string) (*Instance, error) {
	var mem arena
	defer mem.free()
	i := &Instance{engine: e}
	err := e.enter(func() error {
		if e.c == nil {
			return newError(Usage, "the engine is closed")
		}
		err := takeError(
			C.spin_execution_context_prepare_component(e.c, mem.slice(component), nil, &i.c))
		if err == nil {
			e.live[i.c] = struct{}{}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// Not on the finalizers' own goroutine, as it may have to wait for its turn.
	runtime.SetFinalizer(i, func(i *Instance) { go i.Close() })
	return i, nil
}

// Close frees the instance. Inside of a call of its engine it does so after that.
func (i *Instance) Close() {
	if i.engine.isInside() {
		go i.Close()
		return
	}
	i.engine.enter(func() error {
		runtime.SetFinalizer(i, nil)
		if _, alive := i.engine.live[i.c]; alive {
			delete(i.engine.live, i.c)
			C.spin_instance_free(i.c)
		}
		i.c = nil
		return nil
	})
}

// enter is that of the engine, for an instance that is open.
func (i *Instance) enter(run func() error) error {
	return i.engine.enter(func() error {
		if _, alive := i.engine.live[i.c]; !alive {
			return newError(Usage, "the instance is closed")
		}
		return run()
	})
}

// take makes the Go value of what a call left, which it clears.
func (f *Function) take(result *C.spin_value_t) any {
	defer C.spin_value_clear(result)
	if t := f.Result(); t != nil {
		return goValue(t.c, result)
	}
	return nil
}

// Call calls an exported function and waits for its end. The result is nil where there is none.
func (i *Instance) Call(f *Function, args ...any) (result any, err error) {
	var mem arena
	defer mem.free()
	values, count, err := mem.values(f, args)
	if err != nil {
		return nil, err
	}
	err = i.enter(func() error {
		out := (*C.spin_value_t)(mem.alloc(1, unsafe.Sizeof(C.spin_value_t{})))
		err := takeError(C.spin_value_call(i.c, f.c, values, count, out))
		if err == nil {
			result = f.take(out)
		}
		return err
	})
	runtime.KeepAlive(f.owner)
	return result, err
}

// CallExport does the same with what a component of the component model exports: "greet" or
// "ns:pkg/iface@1.0.0#greet".
func (i *Instance) CallExport(name string, args ...any) (result any, err error) {
	var mem arena
	defer mem.free()
	err = i.enter(func() error {
		f := &Function{owner: i}
		if err := takeError(C.spin_component_function(i.c, mem.slice(name), &f.c)); err != nil {
			return err
		}
		values, count, err := mem.values(f, args)
		if err != nil {
			return err
		}
		out := (*C.spin_value_t)(mem.alloc(1, unsafe.Sizeof(C.spin_value_t{})))
		err = takeError(C.spin_component_call(i.c, mem.slice(name), values, count, out))
		if err == nil {
			result = f.take(out)
		}
		return err
	})
	return result, err
}

// Drop gives up a handle of a resource that the component implements: its destructor runs.
func (i *Instance) Drop(handle Handle) error {
	return i.enter(func() error {
		return takeError(C.spin_component_drop(i.c, C.uint64_t(handle)))
	})
}
