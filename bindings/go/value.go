package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"unsafe"
)

// Values of WIT are these in Go, in both directions:
//
//	bool, s8 … u64, f32, f64, char    bool, int8 … uint64, float32, float64, rune
//	string, list<u8>                  string, []byte
//	list<T>, list<T, N>, tuple        []any
//	record                            map[string]any by the fields' names; given, also a struct
//	                                  whose fields are tagged `wit:"name"` or named alike
//	variant                           Variant
//	enum                              its case's name, a string
//	option<T>                         nil or T; where T is an option itself, nil or Some
//	result                            Result
//	flags                             []string, the names of those that are set
//	map<K, V>                         map[any]any
//	resources, streams, futures       Handle; of a resource that Go implements the number that
//	                                  it chose
//
// Numbers may be given as any type of Go's that holds them.

// Variant is a case of a variant, with its payload or nil.
type Variant struct {
	Case  string
	Value any
}

// Result is what a function answers: a value, or what went wrong.
type Result struct {
	IsError bool
	Value   any // nil where there is none
}

// OK and Err make results.
func OK(value any) Result  { return Result{Value: value} }
func Err(value any) Result { return Result{IsError: true, Value: value} }

// Some is an option that is there, where nil would be ambiguous.
type Some struct{ Value any }

// Handle is a guest's number of a resource, stream or future, or Go's of a resource of its own.
type Handle uint64

// As spin_value_t has them.
type (
	cList struct {
		items *C.spin_value_t
		len   C.size_t
	}
	cVariant struct {
		index   C.uint32_t
		payload *C.spin_value_t
	}
	cFlags struct {
		words *C.uint32_t
		len   C.size_t
	}
)

// of views the union of a value as one of its members.
func of[T any](c *C.spin_value_t) *T { return (*T)(unsafe.Pointer(&c.of)) }

// partName is the name of field, case or flag i.
func partName(t *C.spin_type_t, i int) string { return goText(C.spin_type_name(t, C.size_t(i))) }

func findPart(t *C.spin_type_t, name string) (int, error) {
	count := int(C.spin_type_count(t))
	for i := 0; i < count; i++ {
		if partName(t, i) == name {
			return i, nil
		}
	}
	return 0, newError(Invalid, "%s has no %q", goText(C.spin_type_text(t)), name)
}

func mismatch(t *C.spin_type_t, value any) error {
	return newError(Invalid, "%s is wanted, and not %T", goText(C.spin_type_text(t)), value)
}

// ── to C ────────────────────────────────────────────────────────────────────────────────────

// value makes the C value of a Go value, in the arena.
func (a *arena) value(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	kind := C.spin_type_kind(t)
	out.kind = kind
	switch kind {
	case C.SPIN_TYPE_BOOL:
		set, ok := value.(bool)
		if !ok {
			return mismatch(t, value)
		}
		*of[bool](out) = set
	case C.SPIN_TYPE_F32, C.SPIN_TYPE_F64:
		return setFloat(t, value, out)
	case C.SPIN_TYPE_STRING:
		text := reflect.ValueOf(value)
		if text.Kind() != reflect.String {
			return mismatch(t, value)
		}
		*of[C.spin_slice_t](out) = a.slice(text.String())
	case C.SPIN_TYPE_LIST, C.SPIN_TYPE_FIXED_LIST, C.SPIN_TYPE_TUPLE:
		return a.list(t, value, out)
	case C.SPIN_TYPE_RECORD:
		return a.record(t, value, out)
	case C.SPIN_TYPE_MAP:
		return a.mapping(t, value, out)
	case C.SPIN_TYPE_VARIANT, C.SPIN_TYPE_ENUM, C.SPIN_TYPE_OPTION, C.SPIN_TYPE_RESULT:
		return a.choice(t, value, out)
	case C.SPIN_TYPE_FLAGS:
		return a.flags(t, value, out)
	default:
		return setInteger(t, value, out)
	}
	return nil
}

func setFloat(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	number, ok := 0.0, true
	switch v := reflect.ValueOf(value); {
	case v.IsValid() && v.CanFloat():
		number = v.Float()
	case v.IsValid() && v.CanInt():
		number = float64(v.Int())
	case v.IsValid() && v.CanUint():
		number = float64(v.Uint())
	default:
		ok = false
	}
	if !ok {
		return mismatch(t, value)
	}
	if out.kind == C.SPIN_TYPE_F32 {
		*of[float32](out) = float32(number)
	} else {
		*of[float64](out) = number
	}
	return nil
}

// Bits of each integer kind; negative for signed ones.
var integerBits = map[C.spin_type_kind_t]int{
	C.SPIN_TYPE_S8: -8, C.SPIN_TYPE_U8: 8, C.SPIN_TYPE_S16: -16, C.SPIN_TYPE_U16: 16,
	C.SPIN_TYPE_S32: -32, C.SPIN_TYPE_U32: 32, C.SPIN_TYPE_S64: -64, C.SPIN_TYPE_U64: 64,
	C.SPIN_TYPE_OWN: 64, C.SPIN_TYPE_BORROW: 64,
}

func setInteger(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	v := reflect.ValueOf(value)
	if !v.IsValid() || !(v.CanInt() || v.CanUint()) {
		return mismatch(t, value)
	}
	bits, known := integerBits[out.kind]
	if !known {
		bits = 32 // characters, streams and futures
	}
	var fits bool
	switch {
	case bits < 0 && v.CanInt():
		fits = bits == -64 || v.Int()>>(-bits-1) == 0 || v.Int()>>(-bits-1) == -1
		*of[int64](out) = v.Int()
	case bits < 0:
		fits = v.Uint() <= math.MaxUint64>>(65+bits)
		*of[int64](out) = int64(v.Uint())
	case v.CanInt():
		fits = v.Int() >= 0 && (bits == 64 || v.Int()>>bits == 0)
		*of[uint64](out) = uint64(v.Int())
	default:
		fits = bits == 64 || v.Uint()>>bits == 0
		*of[uint64](out) = v.Uint()
	}
	if !fits {
		return newError(Invalid, "%v is out of the range of %s", value, goText(C.spin_type_text(t)))
	}
	return nil
}

func (a *arena) items(count int, out *C.spin_value_t) []C.spin_value_t {
	list := of[cList](out)
	list.items = (*C.spin_value_t)(a.alloc(count, unsafe.Sizeof(C.spin_value_t{})))
	list.len = C.size_t(count)
	return unsafe.Slice(list.items, count)
}

func (a *arena) list(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	isTuple := out.kind == C.SPIN_TYPE_TUPLE
	if bytes, ok := value.([]byte); ok && out.kind == C.SPIN_TYPE_LIST &&
		C.spin_type_kind(C.spin_type_part(t, 0)) == C.SPIN_TYPE_U8 {
		out.kind = C.SPIN_TYPE_BYTES
		*of[C.spin_slice_t](out) = a.slice(string(bytes))
		return nil
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return mismatch(t, value)
	}
	wanted := v.Len()
	if isTuple {
		wanted = int(C.spin_type_count(t))
	} else if out.kind == C.SPIN_TYPE_FIXED_LIST {
		wanted = int(C.spin_type_length(t))
	}
	if v.Len() != wanted {
		return newError(Invalid, "%s has %d elements, and not %d", goText(C.spin_type_text(t)),
			wanted, v.Len())
	}
	items := a.items(wanted, out)
	for i := range items {
		part := C.spin_type_part(t, 0)
		if isTuple {
			part = C.spin_type_part(t, C.size_t(i))
		}
		if err := a.value(part, v.Index(i).Interface(), &items[i]); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

// fieldOf finds a record's field in a map or struct.
func fieldOf(v reflect.Value, name string) (any, bool) {
	var found reflect.Value
	switch {
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		found = v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
	case v.Kind() == reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			field := v.Type().Field(i)
			alike := strings.EqualFold(field.Name, strings.ReplaceAll(name, "-", ""))
			if tag := field.Tag.Get("wit"); field.IsExported() && (tag == name || tag == "" && alike) {
				found = v.Field(i)
			}
		}
	}
	if !found.IsValid() {
		return nil, false
	}
	return found.Interface(), true
}

func (a *arena) record(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	v := reflect.Indirect(reflect.ValueOf(value))
	if v.Kind() != reflect.Map && v.Kind() != reflect.Struct {
		return mismatch(t, value)
	}
	items := a.items(int(C.spin_type_count(t)), out)
	for i := range items {
		name, part := partName(t, i), C.spin_type_part(t, C.size_t(i))
		field, ok := fieldOf(v, name)
		if !ok && C.spin_type_kind(part) != C.SPIN_TYPE_OPTION {
			return newError(Invalid, "%s: field %q is missing", goText(C.spin_type_text(t)), name)
		}
		if err := a.value(part, field, &items[i]); err != nil {
			return within("."+name, err)
		}
	}
	if v.Kind() == reflect.Map {
		for _, key := range v.MapKeys() {
			if _, err := findPart(t, fmt.Sprint(key)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *arena) mapping(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Map {
		return mismatch(t, value)
	}
	items := a.items(v.Len(), out)
	for i, key := range v.MapKeys() {
		items[i].kind = C.SPIN_TYPE_TUPLE
		pair := a.items(2, &items[i])
		if err := a.value(C.spin_type_part(t, 0), key.Interface(), &pair[0]); err != nil {
			return within(" key", err)
		}
		if err := a.value(C.spin_type_part(t, 1), v.MapIndex(key).Interface(), &pair[1]); err != nil {
			return within(fmt.Sprintf("[%v]", key), err)
		}
	}
	return nil
}

func (a *arena) choice(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	index, payload := 0, any(nil)
	switch given := value.(type) {
	case Variant:
		if out.kind != C.SPIN_TYPE_VARIANT {
			return mismatch(t, value)
		}
		at, err := findPart(t, given.Case)
		if err != nil {
			return err
		}
		index, payload = at, given.Value
	case Result:
		if out.kind != C.SPIN_TYPE_RESULT {
			return mismatch(t, value)
		}
		if given.IsError {
			index = 1
		}
		payload = given.Value
	default:
		switch {
		case out.kind == C.SPIN_TYPE_ENUM && reflect.ValueOf(value).Kind() == reflect.String:
			at, err := findPart(t, reflect.ValueOf(value).String())
			if err != nil {
				return err
			}
			index = at
		case out.kind == C.SPIN_TYPE_OPTION && value == nil:
		case out.kind == C.SPIN_TYPE_OPTION:
			index, payload = 1, value
			if some, ok := value.(Some); ok {
				payload = some.Value
			}
		default:
			return mismatch(t, value)
		}
	}
	variant := of[cVariant](out)
	variant.index = C.uint32_t(index)
	part := C.spin_type_part(t, C.size_t(index))
	if part == nil {
		if payload != nil {
			return newError(Invalid, "%s: case %d has no payload", goText(C.spin_type_text(t)), index)
		}
		return nil
	}
	variant.payload = (*C.spin_value_t)(a.alloc(1, unsafe.Sizeof(C.spin_value_t{})))
	return a.value(part, payload, variant.payload)
}

func (a *arena) flags(t *C.spin_type_t, value any, out *C.spin_value_t) error {
	names, ok := value.([]string)
	if !ok {
		return mismatch(t, value)
	}
	count := (int(C.spin_type_count(t)) + 31) / 32
	flags := of[cFlags](out)
	flags.words = (*C.uint32_t)(a.alloc(count, 4))
	flags.len = C.size_t(count)
	words := unsafe.Slice(flags.words, count)
	for _, name := range names {
		i, err := findPart(t, name)
		if err != nil {
			return err
		}
		words[i/32] |= 1 << (i % 32)
	}
	return nil
}

// within says in which part a value is wrong.
func within(part string, err error) error {
	e := *err.(*Error)
	e.Message = part + ": " + e.Message
	e.text = e.Message
	return &e
}

// values makes the arguments of a call. Their number is checked by libspin.
func (a *arena) values(f *Function, args []any) (*C.spin_value_t, C.size_t, error) {
	params := f.Params()
	if len(params) != len(args) {
		return nil, 0, newError(Invalid, "%s takes %d arguments and got %d", f.Name(), len(params),
			len(args))
	}
	first := (*C.spin_value_t)(a.alloc(len(args), unsafe.Sizeof(C.spin_value_t{})))
	out := unsafe.Slice(first, len(args))
	for i, arg := range args {
		if err := a.value(params[i].c, arg, &out[i]); err != nil {
			return nil, 0, within(fmt.Sprintf("%s: argument %d", f.Name(), i+1), err)
		}
	}
	return first, C.size_t(len(args)), nil
}

// ── to Go ───────────────────────────────────────────────────────────────────────────────────

// goValue makes the Go value of a C value, which stays the caller's.
func goValue(t *C.spin_type_t, c *C.spin_value_t) any {
	natural, integer := *of[uint64](c), *of[int64](c)
	switch c.kind {
	case C.SPIN_TYPE_BOOL:
		return *of[bool](c)
	case C.SPIN_TYPE_S8:
		return int8(integer)
	case C.SPIN_TYPE_S16:
		return int16(integer)
	case C.SPIN_TYPE_S32:
		return int32(integer)
	case C.SPIN_TYPE_S64:
		return integer
	case C.SPIN_TYPE_U8:
		return uint8(natural)
	case C.SPIN_TYPE_U16:
		return uint16(natural)
	case C.SPIN_TYPE_U32:
		return uint32(natural)
	case C.SPIN_TYPE_U64:
		return natural
	case C.SPIN_TYPE_F32:
		return *of[float32](c)
	case C.SPIN_TYPE_F64:
		return *of[float64](c)
	case C.SPIN_TYPE_CHAR:
		return rune(natural)
	case C.SPIN_TYPE_STRING:
		return goText(*of[C.spin_slice_t](c))
	case C.SPIN_TYPE_BYTES:
		return goBytes(*of[C.spin_slice_t](c))
	case C.SPIN_TYPE_LIST, C.SPIN_TYPE_FIXED_LIST, C.SPIN_TYPE_TUPLE, C.SPIN_TYPE_RECORD,
		C.SPIN_TYPE_MAP:
		return goList(t, c)
	case C.SPIN_TYPE_VARIANT, C.SPIN_TYPE_ENUM, C.SPIN_TYPE_OPTION, C.SPIN_TYPE_RESULT:
		return goChoice(t, c)
	case C.SPIN_TYPE_FLAGS:
		return goFlags(t, c)
	}
	return Handle(natural)
}

func goList(t *C.spin_type_t, c *C.spin_value_t) any {
	list := of[cList](c)
	items := unsafe.Slice(list.items, int(list.len))
	switch c.kind {
	case C.SPIN_TYPE_RECORD:
		fields := make(map[string]any, len(items))
		for i := range items {
			fields[partName(t, i)] = goValue(C.spin_type_part(t, C.size_t(i)), &items[i])
		}
		return fields
	case C.SPIN_TYPE_MAP:
		entries := make(map[any]any, len(items))
		for i := range items {
			pair := unsafe.Slice(of[cList](&items[i]).items, 2)
			key := goValue(C.spin_type_part(t, 0), &pair[0])
			entries[key] = goValue(C.spin_type_part(t, 1), &pair[1])
		}
		return entries
	}
	out := make([]any, len(items))
	for i := range items {
		part := C.size_t(0)
		if c.kind == C.SPIN_TYPE_TUPLE {
			part = C.size_t(i)
		}
		out[i] = goValue(C.spin_type_part(t, part), &items[i])
	}
	return out
}

func goChoice(t *C.spin_type_t, c *C.spin_value_t) any {
	variant := of[cVariant](c)
	part := C.spin_type_part(t, C.size_t(variant.index))
	var payload any
	if part != nil && variant.payload != nil {
		payload = goValue(part, variant.payload)
	}
	switch c.kind {
	case C.SPIN_TYPE_ENUM:
		return partName(t, int(variant.index))
	case C.SPIN_TYPE_VARIANT:
		return Variant{partName(t, int(variant.index)), payload}
	case C.SPIN_TYPE_RESULT:
		return Result{variant.index == 1, payload}
	}
	if part != nil && C.spin_type_kind(part) == C.SPIN_TYPE_OPTION {
		return Some{payload}
	}
	return payload
}

func goFlags(t *C.spin_type_t, c *C.spin_value_t) any {
	flags := of[cFlags](c)
	words := unsafe.Slice(flags.words, int(flags.len))
	names := []string{}
	for i := 0; i < int(C.spin_type_count(t)) && i/32 < len(words); i++ {
		if words[i/32]>>(i%32)&1 == 1 {
			names = append(names, partName(t, i))
		}
	}
	return names
}
