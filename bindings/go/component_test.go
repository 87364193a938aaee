package spin

import (
	"errors"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	runGuest    = root + "/tests/engine/components/run.wasm"
	valuesGuest = root + "/tests/engine/components/values.wasm"
	hostText    = "test:host/text@1.2.0"
	hostFiles   = "test:host/files@0.2.1"
	things      = "test:it/things@1.0.0#"
)

func upper(args []any) (any, error) { return strings.ToUpper(args[0].(string)), nil }

type fakeHost struct {
	engine   *Engine
	instance *Instance
	sizes    []uint64
	dropped  []uint64
}

// newHost makes what run.wasm imports.
func newHost(t *testing.T, upper HostFunc, drop func(uint64)) *fakeHost {
	h := &fakeHost{}
	if drop == nil {
		drop = func(number uint64) { h.dropped = append(h.dropped, number) }
	}
	b := must[*EngineBuilder](t)(NewEngineBuilder(nil, &EngineOptions{DisableCache: true,
		Timeout: 5 * time.Second}))
	open := func(args []any) (any, error) {
		h.sizes = append(h.sizes, uint64(len(args[0].(string))))
		return Handle(1<<40 + len(h.sizes) - 1), nil
	}
	size := func(args []any) (any, error) { return h.sizes[args[0].(Handle)-1<<40], nil }
	later := func(args []any) (any, error) { return args[0].(uint32) + 1, nil }
	for _, err := range []error{
		b.AddComponent("it", must[*Component](t)(LoadComponent(runGuest, nil))),
		b.DefineFunction(hostText, "upper", upper),
		b.DefineFunction("test:host/text@1.4.2", "later", later),
		b.DefineFunction(hostFiles, "open", open),
		b.DefineFunction(hostFiles, "[method]file.size", size),
		b.DefineResource(hostFiles, "file", drop),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h.engine = must[*Engine](t)(b.Build())
	t.Cleanup(h.engine.Close)
	h.instance = must[*Instance](t)(h.engine.Prepare("it"))
	return h
}

func TestAComponentCanBeLookedAt(t *testing.T) {
	it := must[*Component](t)(ParseComponent(must[[]byte](t)(os.ReadFile(runGuest)), nil))
	items := map[string]Item{}
	for _, item := range append(it.Imports(), it.Exports()...) {
		items[item.Name] = item
	}
	wit, text := must[string](t)(it.Wit()), must[string](t)(it.Print())
	it = nil
	runtime.GC()
	if f := items["add"].Function; f.String() != "add: func(a: u32, b: u32) -> u32" {
		t.Error(f)
	}
	if text := must[string](t)(items["hue"].Type.Format("green")); text != "green" {
		t.Error(text)
	}
	for name, kind := range map[string]ItemKind{"add": FunctionItem, "hue": TypeItem,
		"test:it/things@1.0.0": InstanceItem, things + "thing": ResourceItem,
		hostText + "#upper": FunctionItem} {
		if items[name].Kind != kind {
			t.Error(name, items[name].Kind)
		}
	}
	if !strings.Contains(wit, "upper: func(s: string) -> string") || !strings.Contains(text, "(component") {
		t.Error(wit, text)
	}
}

func TestErrorsOfComponents(t *testing.T) {
	bytes := must[[]byte](t)(os.ReadFile(runGuest))
	_, err := ParseComponent(bytes[:len(bytes)-1], nil)
	wantError(t, err, Invalid, "")
	var own *Error
	if !errors.As(err, &own) || !own.Where().HasOffset {
		t.Error(own)
	}
	_, err = LoadComponent("/nowhere.wasm", nil)
	wantError(t, err, NotFound, "nowhere")
	_, err = LoadComponent("a\x00", nil)
	wantError(t, err, Usage, "NUL")
	it := must[*Component](t)(LoadComponent(runGuest, &ComponentOptions{DefinitionOnly: true,
		Modules: map[string][]byte{"unused": bytes}}))
	_, err = it.Module("nothing")
	wantError(t, err, NotFound, "nothing")
	b := must[*EngineBuilder](t)(NewEngineBuilder(nil, nil))
	wantError(t, b.AddComponent("it", it), Usage, "")
	it = must[*Component](t)(LoadComponent(runGuest, nil))
	must[any](t)(nil, b.AddComponent("it", it))
	wantError(t, b.AddComponent("it", it), Usage, "it")
	wantError(t, b.DefineFunction(hostText, "upper", nil), Usage, "no function")
	_, err = b.Build()
	wantError(t, err, Invalid, "does not offer")
	_, err = b.Build()
	wantError(t, err, Usage, "built")
	wantError(t, b.DefineResource(hostFiles, "file", nil), Usage, "built")
	_, err = NewEngine(nil, nil)
	wantError(t, err, Usage, "no application")
	runtime.GC()
}

func TestEveryKindGoesThroughGuestAndHost(t *testing.T) {
	calls := 0
	b := must[*EngineBuilder](t)(NewEngineBuilder(nil, &EngineOptions{DisableCache: true}))
	must[any](t)(nil, b.AddComponent("it", must[*Component](t)(LoadComponent(valuesGuest, nil))))
	must[any](t)(nil, b.DefineFunction("", "pass", func(args []any) (any, error) {
		calls++
		return args[0], nil
	}))
	e := must[*Engine](t)(b.Build())
	defer e.Close()
	instance := must[*Instance](t)(e.Prepare("it"))
	other := everything()
	other["v"], other["o"], other["oo"] = Variant{"none", nil}, nil, nil
	other["r"], other["fl"], other["list"] = OK(uint32(3)), []string{}, []any{}
	other["bytes"], other["text"] = []byte{}, ""
	want := []any{everything(), other}
	for range 20 {
		for _, name := range []string{"echo", "pass"} {
			if got := must[any](t)(instance.CallExport(name, want)); !reflect.DeepEqual(got, want) {
				t.Fatalf("%v\nis not\n%v", got, want)
			}
		}
	}
	if calls != 20 {
		t.Error(calls)
	}
}

func TestFunctionsOfTheHost(t *testing.T) {
	it := newHost(t, upper, nil).instance
	for name, each := range map[string][2]any{
		"shout": {"naïve 🎈", "NAÏVE 🎈"}, "echo-list": {[]byte{255, 0, 128}, []byte{255, 0, 128}},
		"wait": {6, uint32(7)}, "keep": {"x", nil},
	} {
		if got := must[any](t)(it.CallExport(name, each[0])); !reflect.DeepEqual(got, each[1]) {
			t.Error(name, got)
		}
	}
	_, err := it.CallExport("adt")
	wantError(t, err, NotFound, `did you mean "add"`)
	_, err = it.CallExport("add", 1)
	wantError(t, err, Invalid, "takes 2 arguments and got 1")
	_, err = it.CallExport("add", 1, "x")
	wantError(t, err, Invalid, "argument 2")
	_, err = it.CallExport("fail")
	wantError(t, err, Trap, `component "it"`)
}

// deep takes more stack than a guest's has, and moves a goroutine's.
func deep(n int) int {
	var room [1024]byte
	if n == 0 {
		return int(room[0])
	}
	return deep(n-1) + int(room[n%len(room)])
}

func TestFunctionsRunOnTheCallersThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread := 0
	h := newHost(t, func(args []any) (any, error) {
		runtime.GC()
		thread = syscall.Gettid() + deep(10_000)
		return args[0], nil
	}, nil)
	if got := must[any](t)(h.instance.CallExport("shout", "x")); got != "x" || thread != syscall.Gettid() {
		t.Error(got, thread)
	}
}

func TestWhatFunctionsReturnTrapsTheGuest(t *testing.T) {
	failure := errors.New("not %s this")
	h := newHost(t, func([]any) (any, error) { return nil, failure }, nil)
	_, err := h.instance.CallExport("shout", "x")
	wantError(t, err, Trap, failure.Error())
	if !errors.Is(err, failure) {
		t.Error(err)
	}
	_, err = h.instance.CallExport("add", 1, 2)
	wantError(t, err, Trap, "cannot enter")
	if got := must[any](t)(must[*Instance](t)(h.engine.Prepare("it")).CallExport("add", 1, 2)); got != uint32(3) {
		t.Error(got)
	}
	h = newHost(t, func([]any) (any, error) { panic("oh no") }, nil)
	_, err = h.instance.CallExport("shout", "x")
	wantError(t, err, Trap, "panic: oh no")
	for _, wrong := range []any{nil, 5, []byte("x")} {
		h = newHost(t, func([]any) (any, error) { return wrong, nil }, nil)
		_, err = h.instance.CallExport("shout", "x")
		wantError(t, err, Trap, "string is wanted")
	}
}

func TestFunctionsCanNotUseTheirEngine(t *testing.T) {
	var h *fakeHost
	h = newHost(t, func(args []any) (any, error) {
		_, err := h.instance.CallExport("add", 1, 2)
		wantError(t, err, Usage, "in the middle")
		_, err = h.engine.Prepare("it")
		wantError(t, err, Usage, "in the middle")
		wantError(t, h.instance.Drop(1), Usage, "in the middle")
		return args[0], nil
	}, nil)
	other := newHost(t, func(args []any) (any, error) { return h.instance.CallExport("shout", args[0]) }, nil)
	if got := must[any](t)(other.instance.CallExport("shout", "x")); got != "x" {
		t.Error(got)
	}
	h = newHost(t, func(args []any) (any, error) {
		h.instance.Close() // both take effect later
		h.engine.Close()
		return args[0], nil
	}, nil)
	if got := must[any](t)(h.instance.CallExport("shout", "x")); got != "x" {
		t.Error(got)
	}
}

func TestResourcesOfTheHost(t *testing.T) {
	h := newHost(t, upper, nil)
	if got := must[any](t)(h.instance.CallExport("measure", "abc")); got != uint64(3) {
		t.Error(got)
	}
	must[any](t)(h.instance.CallExport("keep", "left"))
	if !reflect.DeepEqual(h.dropped, []uint64{1 << 40}) {
		t.Error(h.dropped)
	}
	h.instance.Close()
	if !reflect.DeepEqual(h.dropped, []uint64{1 << 40, 1<<40 + 1}) {
		t.Error(h.dropped)
	}
	h = newHost(t, upper, func(uint64) { panic("it does not let go") })
	_, err := h.instance.CallExport("measure", "abc")
	wantError(t, err, Internal, "it does not let go")
}

func TestResourcesOfTheGuest(t *testing.T) {
	it := newHost(t, upper, nil).instance
	first := must[any](t)(it.CallExport(things+"[constructor]thing", 30))
	second := must[any](t)(it.CallExport(things+"[constructor]thing", 5)).(Handle)
	if got := must[any](t)(it.CallExport(things+"[method]thing.value", first)); got != uint32(30) {
		t.Error(got)
	}
	must[any](t)(it.CallExport(things+"swallow", first))
	must[any](t)(nil, it.Drop(second))
	if got := must[any](t)(it.CallExport(things + "dropped")); got != uint32(35) {
		t.Error(got)
	}
	for _, handle := range []Handle{second, 12345, 1<<32 + second} {
		wantError(t, it.Drop(handle), Invalid, "not a handle")
	}
	it.Close()
	wantError(t, it.Drop(1), Usage, "closed")
}

func TestTheComponentExampleRuns(t *testing.T) {
	program := t.TempDir() + "/component"
	if out, err := exec.Command("go", "build", "-o", program, "./examples/component").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	run := exec.Command(program)
	run.Dir = root
	out, err := run.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "\nHello, you!\n") ||
		!strings.Contains(string(out), "greet: func(name: string) -> string") {
		t.Fatal(err, string(out))
	}
}
