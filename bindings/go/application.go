package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"sync"
)

// Application is what a manifest describes. It does not change; any goroutine may read it.
type Application struct {
	mu sync.Mutex
	c  *C.spin_application_t
}

func newApplication(c *C.spin_application_t) *Application {
	a := &Application{c: c}
	runtime.SetFinalizer(a, (*Application).Close)
	return a
}

// LoadApplication loads a spin.toml, or that of a folder.
func LoadApplication(path string) (*Application, error) {
	if err := noNUL(path); err != nil {
		return nil, err
	}
	var mem arena
	defer mem.free()
	var c *C.spin_application_t
	if err := takeError(C.spin_loader_load_file(mem.text(path), nil, &c)); err != nil {
		return nil, err
	}
	return newApplication(c), nil
}

// LoadLocked loads what another process has loaded and handed on. "" is what `spin up` gives to the
// trigger that it starts.
func LoadLocked(path string) (*Application, error) {
	if err := noNUL(path); err != nil {
		return nil, err
	}
	var mem arena
	defer mem.free()
	var c *C.spin_application_t
	if err := takeError(C.spin_loader_load_locked(mem.optional(path), &c)); err != nil {
		return nil, err
	}
	return newApplication(c), nil
}

// Close gives the application up. Engines and services made of it live on.
func (a *Application) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	runtime.SetFinalizer(a, nil)
	C.spin_application_unref(a.c)
	a.c = nil
}

// ref adds a reference, so that the application can be closed meanwhile.
func (a *Application) ref() (*C.spin_application_t, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.c == nil {
		return nil, newError(Usage, "the application is closed")
	}
	return C.spin_application_ref(a.c), nil
}

func read[T any](a *Application, reader func(*C.spin_application_t) T) (out T) {
	c, err := a.ref()
	if err != nil {
		return
	}
	defer C.spin_application_unref(c)
	return reader(c)
}

// Name is the manifest's.
func (a *Application) Name() string {
	return read(a, func(c *C.spin_application_t) string { return goText(C.spin_application_name(c)) })
}

// Version is the manifest's.
func (a *Application) Version() string {
	return read(a, func(c *C.spin_application_t) string {
		return goText(C.spin_application_version(c))
	})
}

// TriggerType is "http", "redis" or the name of a custom trigger.
func (a *Application) TriggerType() string {
	return read(a, func(c *C.spin_application_t) string {
		return goText(C.spin_application_trigger_type(c))
	})
}

// Components returns the ids, in the manifest's order.
func (a *Application) Components() []string {
	return read(a, func(c *C.spin_application_t) []string {
		ids := make([]string, C.spin_application_component_count(c))
		for i := range ids {
			component := C.spin_application_component(c, C.size_t(i))
			ids[i] = goText(C.spin_component_id(component))
		}
		return ids
	})
}

// TriggerSettings is the trigger's table of the manifest.
func (a *Application) TriggerSettings() (map[string]any, error) {
	c, err := a.ref()
	if err != nil {
		return nil, err
	}
	defer C.spin_application_unref(c)
	var text *C.char
	if err := takeError(C.spin_application_trigger_json(c, &text)); err != nil {
		return nil, err
	}
	defer C.spin_string_free(text)
	var settings map[string]any
	err = json.Unmarshal([]byte(C.GoString(text)), &settings)
	return settings, err
}
