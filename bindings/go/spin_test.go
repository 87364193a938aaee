package spin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const root = "../.."

const kinds = `package test:it;
interface api {
  record all {
    b: bool, %s8: s8, %u8: u8, %s16: s16, %u16: u16, %s32: s32, %u32: u32, %s64: s64, %u64: u64,
    %f32: f32, %f64: f64, c: char, text: string, bytes: list<u8>, %list: list<u16>,
    pair: tuple<string, u32>, v: choice, e: hue, o: option<string>, oo: option<option<u8>>,
    r: result<u32, string>, fl: bits,
  }
  variant choice { num(u32), text(string), none }
  enum hue { red, green, dark-blue }
  flags bits { read, write, run-it }
}
world w {
  use api.{all};
  export plain: func(x: list<all>) -> list<all>;
}`

func everything() map[string]any {
	return map[string]any{
		"b": true, "s8": int8(-128), "u8": uint8(255), "s16": int16(-32768), "u16": uint16(65535),
		"s32": int32(-1 << 31), "u32": uint32(1<<32 - 1), "s64": int64(-1 << 63),
		"u64": uint64(1<<64 - 1), "f32": float32(-1.5), "f64": 0.1, "c": 'é', "text": "héllo\x00",
		"bytes": []byte{0, 255}, "list": []any{uint16(1), uint16(2)},
		"pair": []any{"a", uint32(7)}, "v": Variant{"text", "x"}, "e": "dark-blue", "o": "here",
		"oo": Some{nil}, "r": Err("no"), "fl": []string{"read", "run-it"},
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func function(t *testing.T, text, name string) *Function {
	wit := must[*Wit](t)(ParseWit(text, "it.wit"))
	return must[*Function](t)(wit.Function(name))
}

// application makes one of a guest of the repository.
func application(t *testing.T, guest, trigger string) *Application {
	folder := t.TempDir()
	module := must[[]byte](t)(os.ReadFile(filepath.Join(root, guest)))
	manifest := "spin_version = \"1\"\nname = \"test\"\nversion = \"1.2.3\"\ntrigger = " + trigger +
		"\n[[component]]\nid = \"it\"\nsource = \"it.wasm\"\n[component.trigger]\n"
	if strings.Contains(trigger, "http") {
		manifest += "route = \"/...\"\n"
	}
	for name, content := range map[string][]byte{"spin.toml": []byte(manifest), "it.wasm": module} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app := must[*Application](t)(LoadApplication(folder))
	t.Cleanup(app.Close)
	return app
}

func engine(t *testing.T, guest string) *Engine {
	app := application(t, "tests/engine/guests/"+guest+".wasm", `{ type = "http", base = "/" }`)
	e := must[*Engine](t)(NewEngine(app, &EngineOptions{DisableCache: true, Timeout: 5 * time.Second}))
	t.Cleanup(e.Close)
	return e
}

func wantError(t *testing.T, err error, kind Kind, part string) {
	t.Helper()
	if err == nil || !errors.Is(err, kind) || !strings.Contains(err.Error(), part) {
		t.Fatalf("%v is not %q with %q", err, kind.Error(), part)
	}
}

func TestErrorsHaveKindTextAndPosition(t *testing.T) {
	_, err := LoadApplication("/nowhere/spin.toml")
	wantError(t, err, NotFound, "/nowhere/spin.toml")
	_, err = ParseWit("package a:b;\nworld w {\n  export x: func(;\n}", "bad.wit")
	wantError(t, err, Invalid, "bad.wit:3:")
	var own *Error
	if !errors.As(err, &own) || own.Where().Line != 3 || own.Where().File != "bad.wit" {
		t.Fatalf("%+v", own)
	}
	_, err = must[*Wit](t)(ParseWit("echo: function(msg: string) -> string", "e.wit")).Function("ecko")
	wantError(t, err, NotFound, "echo")
}

func TestApplication(t *testing.T) {
	app := application(t, "examples/hello/hello.wasm", `{ type = "http", base = "/x" }`)
	settings := must[map[string]any](t)(app.TriggerSettings())
	got := []any{app.Name(), app.Version(), app.TriggerType(), app.Components(), settings["base"]}
	want := []any{"test", "1.2.3", "http", []string{"it"}, "/x"}
	if !reflect.DeepEqual(got, want) {
		t.Fatal(got)
	}
	app.Close()
	_, err := NewEngine(app, nil)
	wantError(t, err, Usage, "closed")
}

func TestEveryKindGoesThroughAGuest(t *testing.T) {
	e := engine(t, "abi_value")
	plain := function(t, kinds, "plain")
	instance := must[*Instance](t)(e.Prepare("it"))
	other := everything()
	other["v"], other["o"], other["oo"] = Variant{"none", nil}, nil, nil
	other["r"], other["fl"], other["list"] = OK(uint32(3)), []string{}, []any{}
	want := []any{everything(), other}
	for range 50 {
		got := must[any](t)(instance.Call(plain, want))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\nis not\n%v", got, want)
		}
	}
	text := must[string](t)(plain.Params()[0].Format(want[:1]))
	if !strings.Contains(text, `e: dark-blue`) || !strings.Contains(text, "{read, run-it}") {
		t.Fatal(text)
	}
}

func TestStructsAreRecords(t *testing.T) {
	f := function(t, `package a:b; interface i { record r { first-name: string, age: option<u8> }
		f: func(r: r); }`, "f")
	text := must[string](t)(f.Params()[0].Format(struct {
		FirstName string
		Years     int `wit:"age"`
	}{"Ann", 42}))
	if text != `{first-name: "Ann", age: some(42)}` {
		t.Fatal(text)
	}
}

func TestWrongValuesAreErrors(t *testing.T) {
	for kind, values := range map[string][]any{
		"u8": {256, -1, "1", nil}, "s8": {128, -129}, "u64": {-1}, "bool": {1}, "f32": {"x"},
		"char": {0xd800}, "string": {[]byte("x"), "\xff"}, "list<u8>": {[]any{300}, "x"},
		"tuple<u8, u8>": {[]any{1}}, "result<u8>": {1, Result{IsError: true, Value: 1}},
		"option<u8>": {"x"}, "list<u8, 2>": {[]any{1, 2, 3}},
	} {
		f := function(t, "package a:b; interface i { f: func(x: "+kind+"); }", "f")
		for _, value := range values {
			if text, err := f.Params()[0].Format(value); !errors.Is(err, Invalid) {
				t.Errorf("%s: %v: %q, %v", kind, value, text, err)
			}
		}
	}
	f := function(t, kinds, "plain")
	one := everything()
	one["e"] = "yellow"
	_, err := f.Params()[0].Format([]any{one})
	wantError(t, err, Invalid, `[0]: .e: hue has no "yellow"`)
	_, err = engineCall(t, "abi_value", f)
	wantError(t, err, Invalid, "takes 1 arguments and got 0")
}

func engineCall(t *testing.T, guest string, f *Function, args ...any) (any, error) {
	instance := must[*Instance](t)(engine(t, guest).Prepare("it"))
	return instance.Call(f, args...)
}

func TestTrapsAreErrors(t *testing.T) {
	const wit = `package a:b; world w { export set: func(a: s32, b: s32);
		export echo: func(msg: string) -> string; }`
	e := engine(t, "abi_canonical")
	set, echo := function(t, wit, "set"), function(t, wit, "echo")
	instance := must[*Instance](t)(e.Prepare("it"))
	must[any](t)(instance.Call(set, 0, 6))
	_, err := instance.Call(echo, "x")
	wantError(t, err, Trap, `component "it"`)
	func() { // Go's own signals are Go's still
		defer func() {
			if recover() == nil {
				t.Error("nil was dereferenced")
			}
		}()
		var nothing *Error
		_ = nothing.Message
	}()
	_, err = e.Prepare("nobody")
	wantError(t, err, NotFound, "nobody")
	instance.Close()
	instance.Close()
	_, err = instance.Call(echo, "x")
	wantError(t, err, Usage, "closed")
	e.Close()
	_, err = e.Prepare("it")
	wantError(t, err, Usage, "closed")
}

func TestTwoEnginesAndManyGoroutines(t *testing.T) {
	echo := function(t, "package a:b; world w { export plain: func(x: string) -> string; }", "plain")
	var wait sync.WaitGroup
	for _, e := range []*Engine{engine(t, "abi_value"), engine(t, "abi_value")} {
		for n := range 4 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				for i := range 25 {
					instance, err := e.Prepare("it")
					if err != nil {
						t.Error(err)
						return
					}
					text := fmt.Sprint(n, i)
					if got, err := instance.Call(echo, text); got != text || err != nil {
						t.Error(got, err)
					}
					if i%2 == 0 {
						instance.Close() // the others are for the finalizer
					}
				}
			}()
		}
	}
	wait.Wait()
	runtime.GC()
}

func TestMemoryDoesNotGrow(t *testing.T) {
	e, plain := engine(t, "abi_value"), function(t, kinds, "plain")
	big := everything()
	big["bytes"] = make([]byte, 10_000)
	work := func(rounds int) {
		for range rounds {
			instance := must[*Instance](t)(e.Prepare("it"))
			must[any](t)(instance.Call(plain, []any{big}))
			instance.Close()
			if _, err := ParseWit("package", "it.wit"); err == nil {
				t.Fatal("nothing is a package")
			}
		}
		runtime.GC()
	}
	resident := func() (pages int) {
		fmt.Sscanf(string(must[[]byte](t)(os.ReadFile("/proc/self/statm"))), "%d %d", new(int), &pages)
		return pages * os.Getpagesize()
	}
	work(200)
	before := resident()
	work(2000) // 20 MB, if a value of each round were lost
	if grown := resident() - before; grown > 10<<20 {
		t.Fatal(grown)
	}
}

func TestHTTP(t *testing.T) {
	app := application(t, "examples/hello/hello.wasm", `{ type = "http", base = "/" }`)
	options := &HTTPOptions{Listen: "127.0.0.1:0", LogDir: t.TempDir()}
	service := must[*Service](t)(NewHTTP(app, options))
	_, err := NewHTTP(app, &HTTPOptions{Listen: service.Address(), LogDir: options.LogDir})
	wantError(t, err, Exists, service.Address())
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	answer := must[*http.Response](t)(http.Get("http://" + service.Address() + "/"))
	body := must[[]byte](t)(io.ReadAll(answer.Body))
	answer.Body.Close()
	if answer.StatusCode != 200 || !strings.Contains(string(body), "Hello") {
		t.Fatal(answer.Status, string(body))
	}
	http.DefaultClient.CloseIdleConnections()
	service.Stop()
	if err := service.Wait(); err != nil {
		t.Fatal(err)
	}
	wantError(t, service.Run(), Usage, "has run")
	service.Close()
	service.Stop()
	_, err = NewHTTP(application(t, "examples/hello/hello.wasm", `{ type = "other" }`), nil)
	wantError(t, err, Usage, "")
}

func TestVariablesHaveTheValuesOfTheOptions(t *testing.T) {
	app := must[*Application](t)(LoadApplication(filepath.Join(root, "examples/many/apps/shop.example")))
	defer app.Close()
	options := &EngineOptions{DisableCache: true,
		Variables: map[string]string{"currency": "a=b", "not_there": "x"}}
	service := must[*Service](t)(NewHTTP(app,
		&HTTPOptions{Listen: "127.0.0.1:0", LogDir: t.TempDir(), Engine: options}))
	defer service.Close()
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	answer := must[*http.Response](t)(http.Get("http://" + service.Address() + "/?key=price"))
	defer answer.Body.Close()
	if body := must[[]byte](t)(io.ReadAll(answer.Body)); !strings.Contains(string(body), "100 a=b") {
		t.Fatalf("%s", body)
	}
	_, err := NewEngine(app, &EngineOptions{Variables: map[string]string{"": "x"}})
	wantError(t, err, Usage, "name")
}

const echoModule = "examples/spin-timer-echo/guest/echo.wasm"

// timer runs an application with a trigger and returns what Run returns.
func timer(t *testing.T, settings string, trigger Trigger) error {
	t.Helper()
	app := application(t, echoModule, `{ type = "timer"`+settings+` }`)
	options := &TriggerOptions{ShutdownTimeout: time.Second,
		Engine: &EngineOptions{DisableCache: true}}
	service, err := NewTrigger("timer", trigger, app, options)
	if err != nil {
		return err
	}
	defer service.Close()
	timeout := time.AfterFunc(20*time.Second, service.Stop)
	defer timeout.Stop()
	return service.Run()
}

func TestTimerEcho(t *testing.T) {
	echo := function(t, "echo: function(msg: string) -> string", "echo")
	var answers []any
	err := timer(t, `, interval = "10ms"`, TriggerFunc(func(setup *Setup) (StartFunc, error) {
		interval, err := setup.Settings().Duration("interval")
		id, n := setup.Components()[0], 0
		return func(w *Worker) error {
			return w.Every(interval, func(w *Worker) error {
				n++
				return w.Call(id, echo, []any{fmt.Sprint("tick ", n)}, func(answer any, err error) {
					if answers = append(answers, answer); err != nil || len(answers) == 5 {
						w.Stop()
					}
				})
			})
		}, err
	}))
	want := []any{"ECHO: tick 1", "ECHO: tick 2", "ECHO: tick 3", "ECHO: tick 4", "ECHO: tick 5"}
	if err != nil || !reflect.DeepEqual(answers, want) {
		t.Fatal(answers, err)
	}
}

func setup(read func(*Setup) error) Trigger {
	return TriggerFunc(func(s *Setup) (StartFunc, error) {
		return func(w *Worker) error { w.Stop(); return nil }, read(s)
	})
}

func TestSettings(t *testing.T) {
	read := func(s *Setup) error {
		it := s.Settings()
		text, e1 := it.Text("text")
		deep := map[string]any{}
		flag, e2 := it.Boolean("flag", true)
		number, e3 := it.Integer("number", 0, 9, 7)
		wait, e4 := it.Duration("wait", 3*time.Second)
		e5 := it.Value("deep", &deep)
		got := []any{text, flag, number, wait, deep["a"]}
		want := []any{"x", true, int64(7), 3 * time.Second, 1.0}
		if !reflect.DeepEqual(got, want) {
			t.Error(got)
		}
		if s.ComponentSettings("it") == nil || s.ComponentSettings("nobody") != nil {
			t.Error("component settings")
		}
		return errors.Join(e1, e2, e3, e4, e5)
	}
	if err := timer(t, `, text = "x", deep = { a = 1 }`, setup(read)); err != nil {
		t.Fatal(err)
	}
	err := timer(t, `, interval = "soon"`, setup(func(s *Setup) error {
		_, err := s.Settings().Duration("interval")
		return err
	}))
	wantError(t, err, Invalid, "spin.toml:4:")
	if at := err.(*Error).Where(); at.Line != 4 || at.Column == 0 {
		t.Fatal(at)
	}
	err = timer(t, ``, setup(func(s *Setup) error { return s.Settings().Error("x", "100% wrong") }))
	wantError(t, err, Invalid, "trigger.x: 100% wrong")
	err = timer(t, `, surplus = 1`, setup(func(s *Setup) error { return nil }))
	wantError(t, err, Invalid, "surplus")
}

func TestCallbacksThatFail(t *testing.T) {
	echo := function(t, "echo: function(msg: string) -> string", "echo")
	own := errors.New("one of ours")
	run := func(start StartFunc) error {
		return timer(t, "", TriggerFunc(func(*Setup) (StartFunc, error) { return start, nil }))
	}
	wantError(t, timer(t, "", setup(func(*Setup) error { panic("at open") })), Internal, "at open")
	wantError(t, timer(t, "", setup(func(*Setup) error { return fmt.Errorf("full: %w", Limit) })),
		Limit, "full")
	wantError(t, run(func(*Worker) error { panic("at start") }), Internal, "panic: at start")
	wantError(t, run(func(w *Worker) error { return w.Every(0, nil) }), Usage, "interval of 0")
	wantError(t, run(func(w *Worker) error {
		return w.Every(time.Millisecond, func(*Worker) error { panic("at a tick") })
	}), Internal, "at a tick")
	err := run(func(w *Worker) error { return w.Post(func(*Worker) error { return own }) })
	if err != own {
		t.Fatal(err)
	}
	wantError(t, run(func(w *Worker) error {
		return w.Post(func(w *Worker) error {
			return w.Call("it", echo, []any{"x"}, func(any, error) { panic("when done") })
		})
	}), Internal, "when done")
	wantError(t, run(func(w *Worker) error {
		return w.Post(func(w *Worker) error { return w.Call("nobody", echo, []any{"x"}, nil) })
	}), NotFound, "nobody")
}

type fullSource struct{ calls []string }

func (s *fullSource) Start(w *Worker) error {
	s.calls = append(s.calls, "start")
	w.Hold()
	go w.Post(func(w *Worker) error { w.Stop(); return nil })
	return nil
}
func (s *fullSource) Stop(w *Worker) { s.calls = append(s.calls, "stop"); w.Release() }
func (s *fullSource) End(*Worker)    { s.calls = append(s.calls, "end") }
func (s *fullSource) Close()         { s.calls = append(s.calls, "close") }

type fullTrigger struct{ source *fullSource }

func (f fullTrigger) Open(*Setup) (Source, error) { return f.source, nil }

func TestSourceSeesItsWholeLife(t *testing.T) {
	source := &fullSource{}
	err := timer(t, "", fullTrigger{source})
	if got := strings.Join(source.calls, " "); err != nil || got != "start stop end close" {
		t.Fatal(got, err)
	}
}

func TestStopBeforeTheRun(t *testing.T) {
	app := application(t, echoModule, `{ type = "timer" }`)
	service := must[*Service](t)(NewTrigger("timer", setup(func(*Setup) error { return nil }), app, nil))
	defer service.Close()
	service.Stop()
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: levelTrace}))
	if err := SetLog(logger, levelTrace); err != nil {
		t.Fatal(err)
	}
	_ = engine(t, "abi_value")
	if err := SetLog(nil, 0); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "level=INFO msg=compiling bytes=773 component=it") {
		t.Fatalf("%q", out.String())
	}
}
