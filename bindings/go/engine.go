package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"sync"
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
	mu   sync.Mutex
	c    *C.spin_execution_context_t
	live map[*C.spin_instance_t]struct{}
}

// Instance is one component, ready to be called, in a store of its own.
type Instance struct {
	engine *Engine
	c      *C.spin_instance_t
}

// NewEngine compiles the components of an application. options may be nil.
func NewEngine(app *Application, options *EngineOptions) (*Engine, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	application, err := app.ref()
	if err != nil {
		return nil, err
	}
	defer C.spin_application_unref(application)
	var mem arena
	defer mem.free()
	var builder *C.spin_engine_builder_t
	err = takeError(C.spin_engine_builder_new(application, options.toC(&mem), &builder))
	if err != nil {
		return nil, err
	}
	e := &Engine{live: map[*C.spin_instance_t]struct{}{}}
	if err := takeError(C.spin_engine_builder_build(builder, &e.c)); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(e, (*Engine).Close)
	return e, nil
}

// Close frees the engine and all instances that are left.
func (e *Engine) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	runtime.SetFinalizer(e, nil)
	for instance := range e.live {
		C.spin_instance_free(instance)
	}
	C.spin_execution_context_free(e.c)
	e.live, e.c = nil, nil
}

// Prepare makes a fresh instance of a component.
func (e *Engine) Prepare(component string) (*Instance, error) {
	var mem arena
	defer mem.free()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.c == nil {
		return nil, newError(Usage, "the engine is closed")
	}
	i := &Instance{engine: e}
	err := takeError(
		C.spin_execution_context_prepare_component(e.c, mem.slice(component), nil, &i.c))
	if err != nil {
		return nil, err
	}
	e.live[i.c] = struct{}{}
	// Not on the finalizers' own goroutine, as it may have to wait for its turn.
	runtime.SetFinalizer(i, func(i *Instance) { go i.Close() })
	return i, nil
}

// Close frees the instance.
func (i *Instance) Close() {
	i.engine.mu.Lock()
	defer i.engine.mu.Unlock()
	runtime.SetFinalizer(i, nil)
	if _, alive := i.engine.live[i.c]; alive {
		delete(i.engine.live, i.c)
		C.spin_instance_free(i.c)
	}
	i.c = nil
}

// Call calls an exported function and waits for its end. The result is nil where there is none.
func (i *Instance) Call(f *Function, args ...any) (any, error) {
	var mem arena
	defer mem.free()
	values, count, err := mem.values(f, args)
	if err != nil {
		return nil, err
	}
	i.engine.mu.Lock()
	defer i.engine.mu.Unlock()
	if _, alive := i.engine.live[i.c]; !alive {
		return nil, newError(Usage, "the instance is closed")
	}
	result := (*C.spin_value_t)(mem.alloc(1, unsafe.Sizeof(C.spin_value_t{})))
	err = takeError(C.spin_value_call(i.c, f.c, values, count, result))
	defer runtime.KeepAlive(f.wit)
	if t := f.Result(); err == nil && t != nil {
		defer C.spin_value_clear(result)
		return goValue(t.c, result), nil
	}
	return nil, err
}
