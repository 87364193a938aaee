package spin

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"runtime"
	"runtime/cgo"
	"sync"
	"time"
	"unsafe"
)

// Service is a trigger that waits for events and runs components on them: HTTP, or one of your
// own. All of it but Run happens by itself; Stop may come from anywhere.
type Service struct {
	mu      sync.Mutex
	c       *C.spin_trigger_t
	mem     arena
	handle  cgo.Handle
	trigger Trigger // nil for HTTP
	source  Source
	worker  *Worker
	tasks   map[cgo.Handle]struct{} // what C may still call
	failure error                   // of a callback that has no other way to report it
	address string
	closing sync.Once
	closed  error // of Source.Close

	ready     chan struct{}
	readyOnce sync.Once
	ended     chan struct{}
	used      bool
	result    error
}

func newService() *Service {
	s := &Service{tasks: map[cgo.Handle]struct{}{}, ready: make(chan struct{}),
		ended: make(chan struct{})}
	s.handle = cgo.NewHandle(s)
	return s
}

// HTTPOptions says how an application is served; zero is the default everywhere.
type HTTPOptions struct {
	Listen          string // "127.0.0.1:3000"; port 0 takes a free one
	LogDir          string
	FollowAll       bool // copies the components' output to the process's own
	ShutdownTimeout time.Duration
	Engine          *EngineOptions
}

// NewHTTP opens the sockets on which an application will be served. options may be nil.
func NewHTTP(app *Application, options *HTTPOptions) (*Service, error) {
	application, err := app.ref()
	if err != nil {
		return nil, err
	}
	defer C.spin_application_unref(application)
	if options == nil {
		options = &HTTPOptions{}
	}
	if err := noNUL(options.Listen, options.LogDir); err != nil {
		return nil, err
	}
	if err := options.Engine.check(); err != nil {
		return nil, err
	}
	s := newService()
	c := (*C.spin_http_options_t)(s.mem.alloc(1, unsafe.Sizeof(C.spin_http_options_t{})))
	C.spin_go_http_options(c, C.uintptr_t(s.handle))
	c.listen = s.mem.optional(options.Listen)
	c.log_dir = s.mem.optional(options.LogDir)
	c.follow_all = C.bool(options.FollowAll)
	c.shutdown_timeout_ms = milliseconds(options.ShutdownTimeout)
	c.engine = options.Engine.toC(&s.mem)
	if err := takeError(C.spin_http_trigger_new(application, c, &s.c)); err != nil {
		s.Close()
		return nil, err
	}
	s.address = C.GoString(C.spin_http_trigger_address(s.c))
	return s, nil
}

// Address is the "host:port" that an HTTP service listens on.
func (s *Service) Address() string { return s.address }

// Run runs the service until it is stopped, on a thread of its own. Once for each service.
func (s *Service) Run() error {
	if err := s.claim(); err != nil {
		return err
	}
	return s.run()
}

// RunContext is Run that stops, as Stop does, when ctx is done.
func (s *Service) RunContext(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.Stop)()
	return s.Run()
}

func (s *Service) claim() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c == nil || s.used {
		return newError(Usage, "the service has run already, or is closed")
	}
	s.used = true
	return nil
}

func (s *Service) run() error {
	runtime.LockOSThread()
	err := takeError(C.spin_trigger_run(s.c))
	runtime.UnlockOSThread()
	if s.failure != nil {
		err = s.failure
	}
	s.result = err
	close(s.ended)
	return err
}

// Start runs the service in the background and returns when it takes events.
func (s *Service) Start() error {
	if err := s.claim(); err != nil {
		return err
	}
	go s.run()
	select {
	case <-s.ready:
		return nil
	case <-s.ended:
		return s.result
	}
}

// Wait waits for the end of a service that was started, and returns what Run would.
func (s *Service) Wait() error {
	<-s.ended
	return s.result
}

// Stop ends the service: what is under way is finished first. A second call gives that up too.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c != nil {
		C.spin_trigger_stop(s.c)
	}
}

// Close stops the service, waits for its end and frees it. Not from inside its callbacks.
func (s *Service) Close() error {
	s.closing.Do(s.free)
	if s.closed != nil {
		return errors.Join(s.result, s.closed)
	}
	return s.result
}

func (s *Service) free() {
	s.mu.Lock()
	used := s.used
	s.used = true // it can't begin any more
	s.mu.Unlock()
	if used {
		s.Stop()
		<-s.ended
	} else {
		close(s.ended)
	}
	s.mu.Lock()
	c := s.c
	s.c = nil
	s.mu.Unlock()
	if c != nil {
		C.spin_trigger_free(c) // calls back to Source.Close
	}
	s.handle.Delete()
	for task := range s.tasks {
		task.Delete()
	}
	s.tasks = nil
	s.mem.free()
}

// fail ends the run with an error of a callback; the first one counts.
func (s *Service) fail(err error) {
	if err == nil {
		return
	}
	if s.failure == nil {
		s.failure = err
	}
	s.Stop()
}

func (s *Service) keep(task any) cgo.Handle {
	handle := cgo.NewHandle(task)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[handle] = struct{}{}
	return handle
}

func (s *Service) drop(handle cgo.Handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tasks, handle)
	handle.Delete()
}

//export spinGoReady
func spinGoReady(handle C.uintptr_t) {
	s := cgo.Handle(handle).Value().(*Service)
	s.readyOnce.Do(func() { close(s.ready) })
}
