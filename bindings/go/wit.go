package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"strings"
)

// Wit is WIT that was read and resolved. It lives as long as one of its functions or types does;
// any goroutine may use it.
type Wit struct{ c *C.spin_wit_t }

// Function is a function's type, found in a Wit or a Component.
type Function struct {
	owner any // whose it is
	c     *C.spin_function_t
}

// Type is the type of a parameter or result.
type Type struct {
	owner any
	c     *C.spin_type_t
}

func newWit(c *C.spin_wit_t, err error) (*Wit, error) {
	if err != nil {
		return nil, err
	}
	w := &Wit{c}
	runtime.SetFinalizer(w, func(w *Wit) { C.spin_wit_free(w.c) })
	return w, nil
}

// LoadWit loads a .wit file, or a package's folder.
func LoadWit(path string) (*Wit, error) {
	if err := noNUL(path); err != nil {
		return nil, err
	}
	var mem arena
	defer mem.free()
	var c *C.spin_wit_t
	err := takeError(C.spin_wit_load(mem.text(path), nil, &c))
	return newWit(c, err)
}

// ParseWit reads a text; file names it in errors.
func ParseWit(text, file string) (*Wit, error) {
	if err := noNUL(file); err != nil {
		return nil, err
	}
	var mem arena
	defer mem.free()
	var c *C.spin_wit_t
	err := takeError(C.spin_wit_parse(mem.slice(text), mem.text(file), nil, &c))
	return newWit(c, err)
}

// Function finds one by its name, "echo", or with its interface, "wasi:clocks/wall-clock#now".
func (w *Wit) Function(name string) (*Function, error) {
	var mem arena
	defer mem.free()
	var c *C.spin_function_t
	err := takeError(C.spin_wit_function(w.c, mem.slice(name), &c))
	runtime.KeepAlive(w)
	if err != nil {
		return nil, err
	}
	return &Function{w, c}, nil
}

// Name is the function's.
func (f *Function) Name() string {
	defer runtime.KeepAlive(f.owner)
	return goText(C.spin_function_name(f.c))
}

// Params returns the types of the parameters.
func (f *Function) Params() []*Type {
	defer runtime.KeepAlive(f.owner)
	types := make([]*Type, C.spin_function_param_count(f.c))
	for i := range types {
		types[i] = &Type{f.owner, C.spin_function_param_type(f.c, C.size_t(i))}
	}
	return types
}

// Result returns the type of the result, nil where there is none.
func (f *Function) Result() *Type {
	defer runtime.KeepAlive(f.owner)
	if c := C.spin_function_result_type(f.c); c != nil {
		return &Type{f.owner, c}
	}
	return nil
}

// String returns the function as WIT.
func (f *Function) String() string {
	var params []string
	for i, t := range f.Params() {
		name := goText(C.spin_function_param_name(f.c, C.size_t(i)))
		params = append(params, name+": "+t.String())
	}
	text := f.Name() + ": func(" + strings.Join(params, ", ") + ")"
	if t := f.Result(); t != nil {
		text += " -> " + t.String()
	}
	runtime.KeepAlive(f.owner)
	return text
}

// String returns the type as WIT.
func (t *Type) String() string {
	defer runtime.KeepAlive(t.owner)
	return goText(C.spin_type_text(t.c))
}

// Format writes a Go value of this type as text (WAVE); an error says why it is none.
func (t *Type) Format(value any) (string, error) {
	defer runtime.KeepAlive(t.owner)
	var mem arena
	defer mem.free()
	var c C.spin_value_t
	if err := mem.value(t.c, value, &c); err != nil {
		return "", err
	}
	var text C.spin_string_t
	if err := takeError(C.spin_value_format(&c, t.c, &text)); err != nil {
		return "", err
	}
	defer C.spin_string_clear(&text)
	return goText(text), nil
}
