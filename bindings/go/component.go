package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// ItemKind is what is imported or exported.
type ItemKind int

// The kinds of items.
const (
	FunctionItem ItemKind = iota + 1
	InstanceItem
	TypeItem
	ResourceItem
	ModuleItem
	ComponentItem
)

// Item is an import or export. One in an instance is named with it: "wasi:io/poll@0.2.0#poll".
type Item struct {
	Kind     ItemKind
	Name     string
	Function *Function // of a FunctionItem
	Type     *Type     // of a TypeItem
}

// Component is a component's binary, decoded and valid. It does not change; any goroutine may use
// it.
type Component struct{ c *C.spin_wasm_component_t }

// ComponentOptions says how a component is read.
type ComponentOptions struct {
	// Modules are core modules for imports of them.
	Modules map[string][]byte
	// DefinitionOnly: it can be looked at, but not run; what nobody offers may be imported.
	DefinitionOnly bool
}

func (o *ComponentOptions) toC(mem *arena) *C.spin_wasm_component_options_t {
	if o == nil {
		return nil
	}
	c := (*C.spin_wasm_component_options_t)(
		mem.alloc(1, unsafe.Sizeof(C.spin_wasm_component_options_t{})))
	c.size = C.size_t(unsafe.Sizeof(*c))
	c.definition_only = C.bool(o.DefinitionOnly)
	c.modules = (*C.spin_component_module_t)(
		mem.alloc(len(o.Modules), unsafe.Sizeof(C.spin_component_module_t{})))
	for name, bytes := range o.Modules {
		each := &unsafe.Slice(c.modules, len(o.Modules))[c.modules_len]
		each.name, each.bytes = mem.slice(name), mem.slice(string(bytes))
		c.modules_len++
	}
	return c
}

func newComponent(c *C.spin_wasm_component_t, err error) (*Component, error) {
	if err != nil {
		return nil, err
	}
	it := &Component{c}
	runtime.SetFinalizer(it, func(it *Component) { C.spin_wasm_component_unref(it.c) })
	return it, nil
}

// LoadComponent reads a file. options may be nil.
func LoadComponent(path string, options *ComponentOptions) (*Component, error) {
	if err := noNUL(path); err != nil {
		return nil, err
	}
	var mem arena
	defer mem.free()
	var c *C.spin_wasm_component_t
	err := takeError(C.spin_wasm_component_load(mem.text(path), options.toC(&mem), &c))
	return newComponent(c, err)
}

// ParseComponent reads the bytes of one. options may be nil.
func ParseComponent(bytes []byte, options *ComponentOptions) (*Component, error) {
	var mem arena
	defer mem.free()
	var c *C.spin_wasm_component_t
	err := takeError(C.spin_wasm_component_parse(mem.slice(string(bytes)), options.toC(&mem), &c))
	return newComponent(c, err)
}

func (it *Component) item(c *C.spin_component_item_t) Item {
	item := Item{Kind: ItemKind(c.kind), Name: goText(c.name)}
	if c.function != nil {
		item.Function = &Function{it, c.function}
	}
	if c._type != nil {
		item.Type = &Type{it, c._type}
	}
	return item
}

// Imports are all of them, those in instances after their instance.
func (it *Component) Imports() (items []Item) {
	defer runtime.KeepAlive(it)
	c := C.spin_component_item_t{size: C.size_t(unsafe.Sizeof(C.spin_component_item_t{}))}
	for i := C.size_t(0); C.spin_wasm_component_import(it.c, i, &c); i++ {
		items = append(items, it.item(&c))
	}
	return items
}

// Exports are all of them, those in instances after their instance.
func (it *Component) Exports() (items []Item) {
	defer runtime.KeepAlive(it)
	c := C.spin_component_item_t{size: C.size_t(unsafe.Sizeof(C.spin_component_item_t{}))}
	for i := C.size_t(0); C.spin_wasm_component_export(it.c, i, &c); i++ {
		items = append(items, it.item(&c))
	}
	return items
}

// Wit is its world as WIT.
func (it *Component) Wit() (string, error) {
	defer runtime.KeepAlive(it)
	var text C.spin_string_t
	err := takeError(C.spin_wasm_component_wit(it.c, &text))
	defer C.spin_string_clear(&text)
	return goText(text), err
}

// Print writes its definitions as text, core modules in outline.
func (it *Component) Print() (string, error) {
	defer runtime.KeepAlive(it)
	var text C.spin_string_t
	err := takeError(C.spin_wasm_component_print(it.c, &text))
	defer C.spin_string_clear(&text)
	return goText(text), err
}

// Module returns the bytes of a core module that it exports.
func (it *Component) Module(name string) ([]byte, error) {
	defer runtime.KeepAlive(it)
	var mem arena
	defer mem.free()
	var bytes C.spin_slice_t
	if err := takeError(C.spin_wasm_component_module(it.c, mem.slice(name), &bytes)); err != nil {
		return nil, err
	}
	return goBytes(bytes), nil
}

// ── an engine with functions of Go's ────────────────────────────────────────────────────────

// HostFunc is a function for guests: it is given the arguments and returns the result, nil where
// the guest wants none. Its error, or panic, traps the guest. It must not use the engine that calls
// it.
type HostFunc func(args []any) (any, error)

// host is what an engine's guests may call, and what went wrong there in the call under way.
type host struct {
	handles []cgo.Handle
	failure error
}

type hostFunction struct {
	host *host
	run  HostFunc
}

type hostResource struct {
	host *host
	drop func(number uint64)
}

func (h *host) keep(definition any) C.uintptr_t {
	handle := cgo.NewHandle(definition)
	h.handles = append(h.handles, handle)
	return C.uintptr_t(handle)
}

func (h *host) forget() {
	for _, handle := range h.handles {
		handle.Delete()
	}
	h.handles = nil
}

// join puts what a function of Go's returned at the end of libspin's chain.
func (h *host) join(err error) error {
	failure := h.failure
	h.failure = nil
	if err == nil {
		return failure
	}
	if failure == nil {
		return err
	}
	if own, ok := err.(*Error); ok {
		for own.Cause != nil {
			own = own.Cause
		}
		own.host = failure
	}
	return err
}

// EngineBuilder begins an engine: for an application, or for nothing but the components that are
// added. It is of one goroutine at a time.
type EngineBuilder struct {
	c    *C.spin_engine_builder_t // nil: it was built
	host *host
}

// NewEngineBuilder begins an engine. app and options may be nil.
func NewEngineBuilder(app *Application, options *EngineOptions) (*EngineBuilder, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	var application *C.spin_application_t
	if app != nil {
		var err error
		if application, err = app.ref(); err != nil {
			return nil, err
		}
		defer C.spin_application_unref(application)
	}
	var mem arena
	defer mem.free()
	b := &EngineBuilder{host: &host{}}
	if err := takeError(C.spin_engine_builder_new(application, options.toC(&mem), &b.c)); err != nil {
		return nil, err
	}
	C.spin_component_define_on_loop(b.c) // no Go runs on the stacks of guests
	runtime.SetFinalizer(b, (*EngineBuilder).Close)
	return b, nil
}

// Close gives up a builder that is not built.
func (b *EngineBuilder) Close() {
	runtime.SetFinalizer(b, nil)
	if b.c != nil {
		C.spin_engine_builder_free(b.c)
		b.c = nil
		b.host.forget()
	}
}

func (b *EngineBuilder) check() error {
	if b.c == nil {
		return newError(Usage, "the engine is built already")
	}
	return nil
}

// AddComponent adds one, to be prepared by that name.
func (b *EngineBuilder) AddComponent(name string, component *Component) error {
	if err := b.check(); err != nil {
		return err
	}
	defer runtime.KeepAlive(component)
	var mem arena
	defer mem.free()
	return takeError(C.spin_engine_builder_add_component(b.c, mem.slice(name), component.c))
}

// DefineFunction offers a function to guests as name of iface ("ns:pkg/iface@1.0.0"; "": the
// component's own import).
func (b *EngineBuilder) DefineFunction(iface, name string, run HostFunc) error {
	if err := b.check(); err != nil {
		return err
	}
	if run == nil {
		return newError(Usage, "%q is no function", name)
	}
	var mem arena
	defer mem.free()
	handle := b.host.keep(&hostFunction{b.host, run})
	return takeError(C.spin_go_define_function(b.c, mem.slice(iface), mem.slice(name), handle))
}

// DefineResource offers a resource. Its handles are numbers that the functions choose; drop, which
// may be nil, is called when a guest has dropped its last one, or has ended.
func (b *EngineBuilder) DefineResource(iface, name string, drop func(number uint64)) error {
	if err := b.check(); err != nil {
		return err
	}
	var mem arena
	defer mem.free()
	var handle C.uintptr_t
	if drop != nil {
		handle = b.host.keep(&hostResource{b.host, drop})
	}
	return takeError(C.spin_go_define_resource(b.c, mem.slice(iface), mem.slice(name), handle))
}

// Build compiles all components. The builder is of no use after that.
func (b *EngineBuilder) Build() (*Engine, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(b, nil)
	e := &Engine{live: map[*C.spin_instance_t]struct{}{}, host: b.host}
	err := takeError(C.spin_engine_builder_build(b.c, &e.c))
	b.c = nil
	if err != nil {
		b.host.forget()
		return nil, err
	}
	runtime.SetFinalizer(e, (*Engine).Close)
	return e, nil
}

// ── called from C, by the loop ──────────────────────────────────────────────────────────────

func (f *hostFunction) answer(call *C.spin_host_call_t, function *Function, args []C.spin_value_t,
	result *C.spin_value_t) (err error) {
	defer caught(&err)
	values := make([]any, len(args))
	for i, t := range function.Params() {
		values[i] = goValue(t.c, &args[i])
	}
	answer, err := f.run(values)
	t := function.Result()
	if err == nil && t == nil && answer != nil {
		err = newError(Invalid, "%s returns nothing", function.Name())
	}
	if err != nil || t == nil {
		return err
	}
	mem := arena{call: call}
	return mem.value(t.c, answer, result)
}

//export spinGoFunction
func spinGoFunction(call *C.spin_host_call_t, function *C.spin_function_t, args *C.spin_value_t,
	count C.size_t, result *C.spin_value_t, handle C.uintptr_t) *C.spin_error_t {
	f := cgo.Handle(handle).Value().(*hostFunction)
	err := f.answer(call, &Function{c: function}, unsafe.Slice(args, int(count)), result)
	if err != nil {
		f.host.failure = err
	}
	return toC(err)
}

//export spinGoDrop
func spinGoDrop(number C.uint64_t, handle C.uintptr_t) {
	r := cgo.Handle(handle).Value().(*hostResource)
	if err := protect(func() error { r.drop(uint64(number)); return nil }); err != nil {
		r.host.failure = err
	}
}
