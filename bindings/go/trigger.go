package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"math"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Trigger is a kind of trigger: it reads what the manifest says about it and returns a source of
// events. TriggerFunc is the short form.
type Trigger interface {
	Open(setup *Setup) (Source, error)
}

// Source raises events. It may also have any of the methods Stop(*Worker), for "no new events from
// now on", End(*Worker), the last call for the worker, and Close(), for what Open got hold of. All
// of them are called on one thread, and none may wait for long.
type Source interface {
	Start(worker *Worker) error
}

// TriggerFunc reads the settings, and returns what starts the events.
type TriggerFunc func(setup *Setup) (StartFunc, error)

// StartFunc is a Source that only starts.
type StartFunc func(worker *Worker) error

// Open calls f.
func (f TriggerFunc) Open(setup *Setup) (Source, error) {
	start, err := f(setup)
	if start == nil {
		return nil, err
	}
	return start, err
}

// Start calls f.
func (f StartFunc) Start(worker *Worker) error { return f(worker) }

// TriggerOptions says how a trigger runs; zero is the default everywhere.
type TriggerOptions struct {
	ShutdownTimeout time.Duration
	Engine          *EngineOptions
}

// NewTrigger makes a service of a trigger of your own, for applications whose trigger type is
// name, and opens it. options may be nil.
func NewTrigger(name string, trigger Trigger, app *Application,
	options *TriggerOptions) (*Service, error) {
	application, err := app.ref()
	if err != nil {
		return nil, err
	}
	defer C.spin_application_unref(application)
	if options == nil {
		options = &TriggerOptions{}
	}
	if err := noNUL(name); err != nil {
		return nil, err
	}
	if err := options.Engine.check(); err != nil {
		return nil, err
	}
	s := newService()
	s.trigger = trigger
	table := (*C.spin_trigger_type_t)(s.mem.alloc(1, unsafe.Sizeof(C.spin_trigger_type_t{})))
	C.spin_go_trigger_type(table, s.mem.text(name))
	c := (*C.spin_trigger_options_t)(s.mem.alloc(1, unsafe.Sizeof(C.spin_trigger_options_t{})))
	C.spin_go_trigger_options(c, C.uintptr_t(s.handle))
	c.shutdown_timeout_ms = milliseconds(options.ShutdownTimeout)
	c.engine = options.Engine.toC(&s.mem)
	err = takeError(C.spin_go_trigger_new(table, C.uintptr_t(s.handle), application, c, &s.c))
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// ── settings ────────────────────────────────────────────────────────────────────────────────

// Setup is what Trigger.Open has at hand. It is of no use after that: readers give errors.
type Setup struct {
	trigger *C.spin_trigger_t // nil: Open is over
	// Errors of readers, kept whole, so that one that Open returns still has its position.
	errors map[error]*C.spin_error_t
}

// Settings reads a trigger table of the manifest. Errors have the manifest's line and column, and a
// setting that nobody reads is an error of NewTrigger.
type Settings struct {
	setup *Setup
	c     *C.spin_settings_t
}

// Settings are the application's.
func (s *Setup) Settings() *Settings {
	if s.trigger == nil {
		return &Settings{setup: s}
	}
	return &Settings{s, C.spin_trigger_settings(s.trigger)}
}

// ComponentSettings are those of a component; nil where there is none of that id.
func (s *Setup) ComponentSettings(id string) *Settings {
	if s.trigger == nil {
		return &Settings{setup: s}
	}
	var mem arena
	defer mem.free()
	application := C.spin_trigger_application(s.trigger)
	component := C.spin_application_component_by_id(application, mem.slice(id))
	if component == nil {
		return nil
	}
	return &Settings{s, C.spin_trigger_component_settings(s.trigger, component)}
}

// Components returns the ids, in the manifest's order.
func (s *Setup) Components() []string {
	if s.trigger == nil {
		return nil
	}
	a := newApplication(C.spin_application_ref(C.spin_trigger_application(s.trigger)))
	defer a.Close()
	return a.Components()
}

// check comes before each call of C.
func (s *Settings) check(key string) error {
	if s.setup.trigger == nil {
		return newError(Usage, "settings are read while the trigger is opened")
	}
	return noNUL(key)
}

func (s *Settings) take(c *C.spin_error_t) error {
	if c == nil {
		return nil
	}
	err := copyError(c)
	s.setup.errors[err] = c
	return err
}

// Text reads a string. Without a default the setting is required; so with all readers.
func (s *Settings) Text(key string, byDefault ...string) (string, error) {
	if err := s.check(key); err != nil {
		return "", err
	}
	var mem arena
	defer mem.free()
	var out C.spin_slice_t
	err := s.take(C.spin_settings_text(s.c, mem.text(key), len(byDefault) == 0, &out))
	if err == nil && out.ptr == nil && len(byDefault) > 0 {
		return byDefault[0], nil
	}
	return goText(out), err
}

// Boolean reads true or false.
func (s *Settings) Boolean(key string, byDefault ...bool) (bool, error) {
	if err := s.check(key); err != nil {
		return false, err
	}
	var mem arena
	defer mem.free()
	out := C.bool(len(byDefault) > 0 && byDefault[0])
	err := s.take(C.spin_settings_boolean(s.c, mem.text(key), len(byDefault) == 0, &out))
	return bool(out), err
}

// Integer reads a whole number from least to most.
func (s *Settings) Integer(key string, least, most int64, byDefault ...int64) (int64, error) {
	if err := s.check(key); err != nil {
		return 0, err
	}
	var mem arena
	defer mem.free()
	var out C.int64_t
	if len(byDefault) > 0 {
		out = C.int64_t(byDefault[0])
	}
	err := s.take(C.spin_settings_integer(s.c, mem.text(key), len(byDefault) == 0,
		C.int64_t(least), C.int64_t(most), &out))
	return int64(out), err
}

// Duration reads "250ms", "1s", "5m", "2h", or a whole number of seconds.
func (s *Settings) Duration(key string, byDefault ...time.Duration) (time.Duration, error) {
	if err := s.check(key); err != nil {
		return 0, err
	}
	var mem arena
	defer mem.free()
	var out C.uint64_t
	if len(byDefault) > 0 {
		out = milliseconds(byDefault[0])
	}
	err := s.take(C.spin_settings_duration_ms(s.c, mem.text(key), len(byDefault) == 0, &out))
	return time.Duration(min(uint64(out), math.MaxInt64/1_000_000)) * time.Millisecond, err
}

// Value reads any setting into out, as json.Unmarshal does. One that is missing leaves out alone.
func (s *Settings) Value(key string, out any) error {
	if err := s.check(key); err != nil {
		return err
	}
	var mem arena
	defer mem.free()
	var text *C.char
	if err := s.take(C.spin_settings_json(s.c, mem.text(key), &text)); err != nil || text == nil {
		return err
	}
	defer C.spin_string_free(text)
	if err := json.Unmarshal([]byte(C.GoString(text)), out); err != nil {
		return s.Error(key, err.Error())
	}
	return nil
}

// Error says what is wrong about a setting, with its position.
func (s *Settings) Error(key, message string) error {
	if err := s.check(key); err != nil {
		return err
	}
	var mem arena
	defer mem.free()
	return s.take(C.spin_go_settings_error(s.c, mem.text(key),
		mem.text(strings.ReplaceAll(message, "\x00", "?"))))
}

// ── worker ──────────────────────────────────────────────────────────────────────────────────

// Worker is where a trigger runs. Its functions, except Post and Stop, are for the callbacks that
// it calls itself, all on one thread: elsewhere, and after the run, they give errors.
type Worker struct {
	service *Service
	c       *C.spin_worker_t
	thread  atomic.Int64 // 0: it has ended
}

// check comes before each call of C that only callbacks may do. Run keeps its thread to itself.
func (w *Worker) check() error {
	if w.thread.Load() != int64(syscall.Gettid()) {
		return newError(Usage, "a worker is for the callbacks that it calls: see Post")
	}
	return nil
}

// Task is something to do on the worker. Its error, or panic, ends the service.
type Task func(worker *Worker) error

type task struct {
	worker *Worker
	run    Task
	once   bool
	handle cgo.Handle
}

type call struct {
	worker   *Worker
	function *Function // keeps its Wit
	done     func(result any, err error)
	handle   cgo.Handle
}

// Every runs a task at every interval, until the worker stops.
func (w *Worker) Every(interval time.Duration, run Task) error {
	if err := w.check(); err != nil {
		return err
	}
	t := &task{worker: w, run: run}
	t.handle = w.service.keep(t)
	err := takeError(C.spin_go_every(w.c, milliseconds(interval), C.uintptr_t(t.handle)))
	if err != nil {
		w.service.drop(t.handle)
	}
	return err
}

// Post runs a task soon. From any goroutine, until the service is closed.
func (w *Worker) Post(run Task) error {
	t := &task{worker: w, run: run, once: true}
	w.service.mu.Lock()
	defer w.service.mu.Unlock()
	if w.service.c == nil {
		return newError(Cancelled, "the service is closed")
	}
	t.handle = cgo.NewHandle(t)
	err := takeError(C.spin_go_post(w.c, C.uintptr_t(t.handle)))
	if err != nil {
		t.handle.Delete()
	} else {
		w.service.tasks[t.handle] = struct{}{}
	}
	return err
}

// Call calls a function in a fresh instance of a component and tells done; that may be at once,
// before this returns. When this returns an error, done is not called.
func (w *Worker) Call(component string, f *Function, args []any,
	done func(result any, err error)) error {
	if err := w.check(); err != nil {
		return err
	}
	var mem arena
	defer mem.free()
	values, count, err := mem.values(f, args)
	if err != nil {
		return err
	}
	c := &call{worker: w, function: f, done: done}
	c.handle = w.service.keep(c)
	err = takeError(C.spin_go_call(w.c, mem.slice(component), f.c, values, count,
		C.uintptr_t(c.handle)))
	if err != nil {
		w.service.drop(c.handle)
	}
	runtime.KeepAlive(f.owner)
	return err
}

// Hold keeps a graceful stop waiting until as many calls of Release.
func (w *Worker) Hold() error {
	err := w.check()
	if err == nil {
		C.spin_worker_hold(w.c)
	}
	return err
}

// Release ends a Hold.
func (w *Worker) Release() error {
	err := w.check()
	if err == nil {
		C.spin_worker_release(w.c)
	}
	return err
}

// Stop ends the service, as Service.Stop. From any goroutine.
func (w *Worker) Stop() { w.service.Stop() }

// ── called from C ───────────────────────────────────────────────────────────────────────────

func serviceOf(handle C.uintptr_t) *Service { return cgo.Handle(handle).Value().(*Service) }

func (s *Service) open(setup *Setup) (err error) {
	defer caught(&err)
	s.source, err = s.trigger.Open(setup)
	if err == nil && s.source == nil {
		err = newError(Usage, "the trigger returned no source of events")
	}
	return err
}

//export spinGoOpen
func spinGoOpen(trigger *C.spin_trigger_t, handle C.uintptr_t) *C.spin_error_t {
	s := serviceOf(handle)
	setup := &Setup{trigger, map[error]*C.spin_error_t{}}
	err := s.open(setup)
	setup.trigger = nil
	var out *C.spin_error_t
	for each, c := range setup.errors {
		if out == nil && err == each {
			out = c
		} else {
			C.spin_error_free(c)
		}
	}
	if out == nil {
		out = toC(err)
	}
	return out
}

//export spinGoStart
func spinGoStart(worker *C.spin_worker_t, handle C.uintptr_t) *C.spin_error_t {
	s := serviceOf(handle)
	s.worker = &Worker{service: s, c: worker}
	s.worker.thread.Store(int64(syscall.Gettid()))
	return toC(protect(func() error { return s.source.Start(s.worker) }))
}

func protect(run func() error) (err error) {
	defer caught(&err)
	return run()
}

//export spinGoStop
func spinGoStop(worker *C.spin_worker_t, handle C.uintptr_t) {
	s := serviceOf(handle)
	if source, ok := s.source.(interface{ Stop(*Worker) }); ok {
		s.fail(protect(func() error { source.Stop(s.worker); return nil }))
	}
}

//export spinGoEnd
func spinGoEnd(worker *C.spin_worker_t, handle C.uintptr_t) {
	s := serviceOf(handle)
	if source, ok := s.source.(interface{ End(*Worker) }); ok {
		s.fail(protect(func() error { source.End(s.worker); return nil }))
	}
	s.worker.thread.Store(0)
}

//export spinGoClose
func spinGoClose(handle C.uintptr_t) {
	s := serviceOf(handle)
	if source, ok := s.source.(interface{ Close() }); ok {
		s.closed = protect(func() error { source.Close(); return nil })
	}
}

//export spinGoTask
func spinGoTask(worker *C.spin_worker_t, handle C.uintptr_t) {
	t := cgo.Handle(handle).Value().(*task)
	if t.once {
		t.worker.service.drop(t.handle)
	}
	t.worker.service.fail(protect(func() error { return t.run(t.worker) }))
}

//export spinGoCalled
func spinGoCalled(worker *C.spin_worker_t, failure *C.spin_error_t, result *C.spin_value_t,
	handle C.uintptr_t) {
	c := cgo.Handle(handle).Value().(*call)
	c.worker.service.drop(c.handle)
	err := takeError(failure)
	var value any
	if t := c.function.Result(); result != nil && t != nil {
		value = goValue(t.c, result)
	}
	runtime.KeepAlive(c.function.owner)
	c.worker.service.fail(protect(func() error { c.done(value, err); return nil }))
}
