package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// Kind says what sort of failure an Error is. It is an error itself, so that
// errors.Is(err, spin.NotFound) asks for it.
type Kind int

const (
	Invalid     Kind = C.SPIN_ERROR_INVALID
	Usage       Kind = C.SPIN_ERROR_USAGE
	NotFound    Kind = C.SPIN_ERROR_NOT_FOUND
	Denied      Kind = C.SPIN_ERROR_DENIED
	Exists      Kind = C.SPIN_ERROR_EXISTS
	Unsupported Kind = C.SPIN_ERROR_UNSUPPORTED
	Limit       Kind = C.SPIN_ERROR_LIMIT
	Timeout     Kind = C.SPIN_ERROR_TIMEOUT
	IO          Kind = C.SPIN_ERROR_IO
	NoMemory    Kind = C.SPIN_ERROR_NO_MEMORY
	Trap        Kind = C.SPIN_ERROR_TRAP
	Exit        Kind = C.SPIN_ERROR_EXIT
	Cancelled   Kind = C.SPIN_ERROR_CANCELLED
	Internal    Kind = C.SPIN_ERROR_INTERNAL
)

// Error returns the kind's name, such as "not found".
func (k Kind) Error() string { return C.GoString(C.spin_error_kind_name(C.spin_error_kind_t(k))) }

// Position is where in a source an error was found; Line and Column count from 1, 0 is unknown.
type Position struct {
	File         string
	Line, Column int
	Offset       uint64 // into a binary, where HasOffset
	HasOffset    bool
}

// Error is one link of what went wrong, from what was asked for down to the reason.
type Error struct {
	Kind     Kind   // of the innermost link
	Message  string // of this link alone
	Position Position
	Cause    *Error

	text string
	host error // of the innermost link: what a function for guests returned
}

// Error returns the whole chain.
func (e *Error) Error() string { return e.text }

// Unwrap returns the next link.
func (e *Error) Unwrap() error {
	if e.Cause == nil {
		return e.host
	}
	return e.Cause
}

// Is compares with a Kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

// Where is the first position in the chain.
func (e *Error) Where() Position {
	for ; e != nil; e = e.Cause {
		if e.Position != (Position{}) {
			return e.Position
		}
	}
	return Position{}
}

func newError(kind Kind, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	return &Error{Kind: kind, Message: message, text: message}
}

// copyError reads a chain without freeing it.
func copyError(c *C.spin_error_t) *Error {
	if c == nil {
		return nil
	}
	size := C.spin_error_format(c, nil, 0) + 1
	buffer := (*C.char)(C.malloc(size))
	defer C.free(unsafe.Pointer(buffer))
	C.spin_error_format(c, buffer, size)
	at := C.spin_error_position(c)
	e := &Error{
		Kind:    Kind(C.spin_error_kind(c)),
		Message: C.GoString(C.spin_error_message(c)),
		Position: Position{
			Line:      int(at.line),
			Column:    int(at.column),
			Offset:    uint64(at.offset),
			HasOffset: bool(at.has_offset),
		},
		Cause: copyError(C.spin_error_cause(c)),
		text:  C.GoString(buffer),
	}
	if file := C.spin_error_file(c); file != nil {
		e.Position.File = C.GoString(file)
	}
	return e
}

// takeError makes a Go error and frees the one of C; nil stays nil.
func takeError(c *C.spin_error_t) error {
	if c == nil {
		return nil
	}
	defer C.spin_error_free(c)
	return copyError(c)
}

// toC is for callbacks: an error that libspin takes.
func toC(err error) *C.spin_error_t {
	if err == nil {
		return nil
	}
	kind, message := describe(err)
	text := C.CString(strings.ReplaceAll(message, "\x00", "?"))
	defer C.free(unsafe.Pointer(text))
	return C.spin_go_error(C.spin_error_kind_t(kind), text)
}

// describe asks an error of somebody else's, which may panic: a nil in an interface does.
func describe(err error) (kind Kind, message string) {
	defer func() {
		if cause := recover(); cause != nil {
			kind, message = Internal, fmt.Sprintf("an error of type %T, which panics", err)
		}
	}()
	kind = Internal
	var own *Error
	if errors.As(err, &own) {
		kind = own.Kind
	} else {
		errors.As(err, &kind)
	}
	return kind, err.Error()
}

// caught turns a panic of a callback into its error: it must not unwind through C.
func caught(err *error) {
	if cause := recover(); cause != nil {
		*err = newError(Internal, "panic: %v", cause)
	}
}
