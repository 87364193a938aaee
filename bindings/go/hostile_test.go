package spin

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRareTypesGoThroughAGuest(t *testing.T) {
	var bits []string
	for i := range 40 {
		bits = append(bits, fmt.Sprint("bit", i))
	}
	instance := must[*Instance](t)(engine(t, "abi_value").Prepare("it"))
	through := func(kind string, value any) []any {
		wit := fmt.Sprintf(`package a:b; interface i { resource thing; flags many { %s } }
			world w { use i.{thing, many}; export plain: func(x: list<%[2]s>) -> list<%[2]s>; }`,
			strings.Join(bits, ", "), kind)
		list := must[any](t)(instance.Call(function(t, wit, "plain"), []any{value, value}))
		return list.([]any)
	}
	for kind, value := range map[string]any{
		"map<u64, string>": map[any]any{uint64(math.MaxUint64): "", uint64(0): "😀 é"},
		"list<u8, 3>":      []any{uint8(1), uint8(2), uint8(3)},
		"many":             []string{"bit0", "bit31", "bit32", "bit39"},
		"f64":              math.Inf(-1), "string": "", "list<u8>": []byte{}, "own<thing>": Handle(7),
		"option<own<thing>>":        nil,
		"tuple<char, s64>":          []any{'\U0010ffff', int64(math.MinInt64)},
		"map<string, list<string>>": map[any]any{"": []any{""}},
	} {
		if got := through(kind, value); !reflect.DeepEqual(got, []any{value, value}) {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if nan := through("f32", float32(math.NaN()))[0].(float32); nan == nan {
		t.Error(nan)
	}
	if got := through("f64", uint8(7))[0]; got != 7.0 {
		t.Error(got)
	}
}

func TestAMebibyteGoesThroughAGuestFast(t *testing.T) {
	app := application(t, echoModule, `{ type = "http", base = "/" }`)
	e := must[*Engine](t)(NewEngine(app, &EngineOptions{DisableCache: true}))
	defer e.Close()
	echo := function(t, "echo: function(msg: list<u8>) -> list<u8>", "echo")
	big := bytes.Repeat([]byte{0, 1, 2, 255}, 1<<18)
	start := time.Now()
	for range 10 {
		instance := must[*Instance](t)(e.Prepare("it"))
		got := must[any](t)(instance.Call(echo, big)).([]byte)
		if !bytes.Equal(got, append([]byte("ECHO: "), big...)) {
			t.Fatal(len(got))
		}
		instance.Close()
	}
	if spent := time.Since(start); spent > 10*time.Second { // by elements it would take longer
		t.Fatal(spent)
	}
}

func TestTextsWithANULAreRefused(t *testing.T) {
	app := application(t, "examples/hello/hello.wasm", `{ type = "http", base = "/" }`)
	const text = "/dev/null\x00.toml"
	_, e1 := LoadApplication(text)
	_, e2 := LoadLocked(text)
	_, e3 := LoadWit(text)
	_, e4 := ParseWit("", text)
	_, e5 := NewHTTP(app, &HTTPOptions{Listen: text})
	_, e6 := NewHTTP(app, &HTTPOptions{Engine: &EngineOptions{CacheDir: text}})
	_, e7 := NewEngine(app, &EngineOptions{CacheDir: text})
	_, e8 := NewTrigger(text, setup(nil), app, nil)
	_, e9 := NewEngine(app, &EngineOptions{Variables: map[string]string{"x": text}})
	for _, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9} {
		wantError(t, err, Usage, "NUL")
	}
	err := timer(t, "", setup(func(s *Setup) error {
		_, err := s.Settings().Text(text, "")
		return err
	}))
	wantError(t, err, Usage, "NUL")
}

func TestAClosedServiceNeitherStartsNorWaits(t *testing.T) {
	app := application(t, "examples/hello/hello.wasm", `{ type = "http", base = "/" }`)
	service := must[*Service](t)(NewHTTP(app, &HTTPOptions{Listen: "127.0.0.1:0", LogDir: t.TempDir()}))
	var wait sync.WaitGroup
	for range 4 {
		wait.Add(1)
		go func() { defer wait.Done(); service.Close() }()
	}
	wait.Wait()
	done := make(chan error)
	go func() { done <- service.Start() }()
	go func() { done <- service.Wait() }()
	for range 2 {
		select {
		case err := <-done:
			if err != nil {
				wantError(t, err, Usage, "closed")
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits")
		}
	}
}

func TestAContextEndsARun(t *testing.T) {
	app := application(t, "examples/hello/hello.wasm", `{ type = "http", base = "/" }`)
	service := must[*Service](t)(NewHTTP(app, &HTTPOptions{Listen: "127.0.0.1:0", LogDir: t.TempDir()}))
	defer service.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- service.RunContext(ctx) }()
	<-service.ready
	wantError(t, service.Start(), Usage, "has run")
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it runs on")
	}
}

func TestWhatIsOverIsOfNoUse(t *testing.T) {
	echo := function(t, "echo: function(msg: string) -> string", "echo")
	var uses []func() error
	check := func() {
		t.Helper()
		for i, use := range uses {
			if err := protect(use); err == nil || err.(*Error).Kind != Usage {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
	err := timer(t, "", TriggerFunc(func(s *Setup) (StartFunc, error) {
		it := s.Settings()
		uses = append(uses,
			func() error { _, err := it.Text("x", ""); return err },
			func() error { return it.Value("x", new(any)) },
			func() error { return it.Error("x", "wrong") },
			func() error { _, err := s.Settings().Text("x", ""); return err },
			func() error { _, err := s.ComponentSettings("it").Text("x", ""); return err },
		)
		return func(w *Worker) error {
			uses = append(uses,
				func() error { return w.Every(time.Second, nil) },
				func() error { return w.Call("it", echo, []any{"x"}, nil) },
				func() error { return w.Hold() },
				func() error { return w.Release() },
			)
			done := make(chan struct{})
			go func() { defer close(done); check() }()
			<-done
			w.Stop()
			return nil
		}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	check()
}

// nothing is an error that is not nil and has no text: one of Go's traps.
func nothing() error { var none *Error; return none }

func TestErrorsThatAreNone(t *testing.T) {
	wantError(t, timer(t, "", setup(nothing0)), Internal, "")
	wantError(t, timer(t, "", TriggerFunc(func(*Setup) (StartFunc, error) { return nil, nil })),
		Usage, "no source")
}

func nothing0(*Setup) error { return nothing() }
