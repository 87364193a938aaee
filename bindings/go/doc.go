// Package spin runs WebAssembly applications inside a Go program, by libspin.
//
//	LoadApplication ──▶ NewHTTP ──▶ Service       serve it over HTTP
//	                ──▶ NewTrigger ──▶ Service    run it on events of your own
//	                ──▶ NewEngine ──▶ Instance    call its functions
//	LoadComponent ──▶ NewEngineBuilder ──▶ Engine ──▶ Instance    the same for a component of the
//	                                                              component model
//
// What has a Close method is freed by it, or by a finalizer some time after it was forgotten; a
// Service only by Close.
// Every error of libspin is an *Error.
package spin

/*
#cgo pkg-config: spin
#cgo CFLAGS: -std=gnu17 -Wall -Wextra -Wno-unused-parameter
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"strings"
	"unsafe"
)

// Version is that of the libspin which is linked, "major.minor.patch".
func Version() string { return C.GoString(C.spin_version()) }

// EngineVersion is that of the WebAssembly engine inside.
func EngineVersion() string { return C.GoString(C.spin_engine_version()) }

// arena holds the C memory of one call, or of options that are kept.
type arena struct {
	blocks []unsafe.Pointer
	call   *C.spin_host_call_t // not nil: what is allocated goes with this
}

// alloc returns zeroed memory; Go's own allocation of C memory panics when there is none.
func (a *arena) alloc(count int, size uintptr) unsafe.Pointer {
	if a.call != nil {
		p := C.spin_host_call_alloc(a.call, C.size_t(max(count, 1))*C.size_t(size))
		if p == nil {
			panic("spin: out of memory")
		}
		return p
	}
	p := C.calloc(C.size_t(max(count, 1)), C.size_t(size))
	if p == nil {
		panic("spin: out of memory")
	}
	a.blocks = append(a.blocks, p)
	return p
}

func (a *arena) text(text string) *C.char {
	p := a.alloc(len(text)+1, 1)
	copy(unsafe.Slice((*byte)(p), len(text)), text)
	return (*C.char)(p)
}

// noNUL refuses texts that C would take up to a NUL and no further.
func noNUL(texts ...string) error {
	for _, text := range texts {
		if strings.IndexByte(text, 0) >= 0 {
			return newError(Usage, "%q has a NUL in it", text)
		}
	}
	return nil
}

// optional makes NULL of "".
func (a *arena) optional(text string) *C.char {
	if text == "" {
		return nil
	}
	return a.text(text)
}

// pairs makes a "name=value" of each.
func (a *arena) pairs(texts map[string]string) **C.char {
	if len(texts) == 0 {
		return nil
	}
	first := (**C.char)(a.alloc(len(texts), unsafe.Sizeof((*C.char)(nil))))
	list := unsafe.Slice(first, len(texts))
	at := 0
	for name, value := range texts {
		list[at] = a.text(name + "=" + value)
		at++
	}
	return first
}

func (a *arena) slice(text string) C.spin_slice_t {
	return C.spin_slice_t{ptr: (*C.uint8_t)(unsafe.Pointer(a.text(text))), len: C.size_t(len(text))}
}

func (a *arena) free() {
	for _, p := range a.blocks {
		C.free(p)
	}
	a.blocks = nil
}

func goText(slice C.spin_slice_t) string { return string(goBytes(slice)) }

func goBytes(slice C.spin_slice_t) []byte {
	if slice.len == 0 {
		return []byte{}
	}
	return append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(slice.ptr)), int(slice.len))...)
}
