using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Spin.Host;

internal static partial class Tests
{
    private const string Echo = "examples/spin-timer-echo/guest/echo.wasm";
    private const string EchoWit = "examples/spin-timer-echo/echo.wit";
    private const string Values = "tests/engine/guests/abi_value.wasm";

    private static EngineOptions Engine() =>
        new EngineOptions { DisableCache = true, MaxInstances = 10 };

    // ── log, application, errors ────────────────────────────────────────────────────────────

    [Test(First = true)]
    public static void TheLogIsSetFirstAndRecordsArrive()
    {
        var records = new List<string>();
        var warned = new ManualResetEventSlim();
        Log.Configure(LogLevel.Debug, (level, record) => {
            lock (records)
                records.Add(record);
            if (level == LogLevel.Warn && record.Contains("nothing-here*"))
                warned.Set();
            throw new Exception("does not get out");
        });
        Check.Fails(ErrorKind.Usage, () => Log.Configure(LogLevel.Error, (level, record) => { }));
        using (var folder = new Folder())
        using (folder.Application(Echo, "type = \"timer\"")) // a pattern that matches nothing
            Check.That(warned.Wait(10000), "a warning");
        using (var folder = new Folder())
        using (folder.Application(Echo, "type = \"timer\""))
            Check.That(records.Count > 0, "records");
    }

    [Test]
    public static void AnApplicationTellsWhatTheManifestSays()
    {
        using (var folder = new Folder())
        using (Application it = folder.Application(Echo, "type = \"timer\", interval = \"1s\"")) {
            Check.Equal("app 1.2.3 timer guest", string.Join(" ", it.Name, it.Version,
                                                             it.TriggerType, it.ComponentIds[0]));
            Check.Contains("\"1s\"", it.TriggerJson());
            Check.That(it.ComponentTriggerJson("guest") != null, "component");
            Check.That(it.ComponentTriggerJson("other") == null, "other");
            string locked = Path.Combine(folder.Path, "locked.json");
            File.WriteAllText(locked, it.ToLocked());
            using (Application again = Application.LoadLocked(locked))
                Check.Equal(it.ToJson(), again.ToJson());
        }
        Check.That(Library.Version.Split('.').Length == 3, "version");
    }

    [Test]
    public static void ErrorsHaveKindPositionAndChain()
    {
        SpinException missing =
            Check.Fails(ErrorKind.NotFound, () => Application.Load("/nowhere/spin.toml"));
        Check.Contains("/nowhere/spin.toml", missing.Message);
        using (var folder = new Folder()) {
            string manifest = Path.Combine(folder.Path, "spin.toml");
            File.WriteAllText(manifest, "spin_version = \"1\"\nname = 5\n");
            SpinException error = Check.Fails(ErrorKind.Invalid, () => Application.Load(manifest));
            Check.Equal($"{manifest}:2", $"{error.Position.File}:{error.Position.Line}");
            Check.That(error.Position.Column > 0, "column");
            Check.That(error.Links.All(link => error.Message.Contains(link.Message)), "links");
        }
        SpinException wit = Check.Fails(
            ErrorKind.Invalid, () => Wit.Parse("package a:b;\ninterface i { f: func(; }", "bad.wit"));
        Check.Equal(2, wit.Position.Line);
        Check.Equal("limit", SpinException.KindName(ErrorKind.Limit));
        Check.Equal(1, new SpinException(ErrorKind.Limit, "100% of %s").ExitCode);
        Check.Throws<ArgumentException>(() => Application.Load("a\0b"));
    }

    // ── values ──────────────────────────────────────────────────────────────────────────────

    private const string Types = @"package a:b;
interface i {
  resource blob;
  enum color { red, green }
  flags many { a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8,
    b9, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2 }
  record person { name: string, age: option<u8>, tags: list<string> }
  variant shape { none, circle(f32), box(tuple<u32, u32>) }
  f: func(a: bool, b: s8, c: u16, d: s64, e: u64, f: f32, g: f64, h: char, s: string,
    color: color, many: many, person: person, shape: shape, blob: borrow<blob>,
    bytes: list<u8>, three: list<u8, 3>, pair: tuple<u8, s32>, table: map<string, u32>,
    res: result<u8, string>, plain: result, opt: option<option<u8>>, nested: list<person>);
}";

    private delegate object CallFn(string name, params object[] args);

    private static Dictionary<string, object> Record(params object[] fields)
    {
        var record = new Dictionary<string, object>();
        for (int i = 0; i < fields.Length; i += 2)
            record[(string)fields[i]] = fields[i + 1];
        return record;
    }

    private static Dictionary<string, object> Ann() =>
        Record("tags", new[] { "x", "y" }, "name", "Ann", "age", 7);

    private static WitType TypeOf(Function function, string parameter) =>
        function.Parameters.First(each => each.Name == parameter).Type;

    [Test]
    public static void EveryKindGoesToC()
    {
        Function f = Wit.Parse(Types, "t.wit").Function("f");
        var cases = new List<object[]> {
            new object[] { "a", true, "true" },
            new object[] { "b", -5, "-5" },
            new object[] { "c", 65535L, "65535" },
            new object[] { "d", long.MinValue, "-9223372036854775808" },
            new object[] { "e", ulong.MaxValue, "18446744073709551615" },
            new object[] { "f", 1.5f, "1.5" },
            new object[] { "g", -0.25, "-0.25" },
            new object[] { "h", 'é', "'é'" },
            new object[] { "h", "\U0001F600", "'\U0001F600'" },
            new object[] { "s", "hé\"", "\"hé\\\"\"" },
            new object[] { "color", "green", "green" },
            new object[] { "many", new[] { "d2", "a1" }, "{a1, d2}" },
            new object[] { "person", Ann(), "{name: \"Ann\", age: some(7), tags: [\"x\", \"y\"]}" },
            new object[] { "shape", new Variant("circle", 0.5f), "circle(0.5)" },
            new object[] { "shape", new Variant("box", new[] { 1, 2 }), "box((1, 2))" },
            new object[] { "bytes", new byte[] { 1, 2 }, "[1, 2]" },
            new object[] { "bytes", new[] { 1, 2 }, "[1, 2]" },
            new object[] { "three", new byte[] { 1, 2, 3 }, "[1, 2, 3]" },
            new object[] { "pair", new object[] { 1, -1 }, "(1, -1)" },
            new object[] { "table", new Dictionary<string, uint> { { "a", 1 } }, "a" },
            new object[] { "res", Result.Ok(1), "ok(1)" },
            new object[] { "res", Result.Error("no"), "err(\"no\")" },
            new object[] { "plain", Result.Error(), "err" },
            new object[] { "opt", new Some(new Some(3)), "some(some(3))" },
            new object[] { "opt", new Some(null), "some(none)" },
            new object[] { "opt", null, "none" },
            new object[] { "nested", new object[0], "[]" },
        };
        foreach (object[] each in cases) {
            string text = TypeOf(f, (string)each[0]).Format(each[1]);
            if ((string)each[0] == "table")
                Check.Contains("\"a\"", text);
            else
                Check.Equal((string)each[2], text);
        }
    }

    [Test]
    public static void WhatIsNotOfItsTypeIsAnErrorThatSaysWhere()
    {
        Function f = Wit.Parse(Types, "t.wit").Function("f");
        Action<string, object, string> Wrong = (parameter, value, part) => Check.Contains(
            part,
            Check.Fails(ErrorKind.Invalid, () => TypeOf(f, parameter).Format(value)).Message);
        Wrong("person", Record("name", "x"), "\"age\" is missing");
        Wrong("person", Record("nick", "x"), "no field \"nick\"");
        Wrong("person", Record("name", "x", "age", "old", "tags", new string[0]), "field age: ");
        Wrong("person", 1, "person");
        Wrong("color", "blue", "no \"blue\"");
        Wrong("many", new[] { "e9" }, "e9");
        Wrong("b", 128, "range");
        Wrong("c", -1, "range");
        Wrong("b", "5", "String");
        Wrong("a", null, "null");
        Wrong("three", new byte[] { 1 }, "");
        Wrong("pair", new[] { 1 }, "1 elements");
        Wrong("shape", new Variant("circle"), "null");
        Wrong("shape", new Variant("none", 1), "payload");
        Wrong("h", "ab", "char");
        Wrong("nested", new object[] { Ann(), "x" }, "element 1: ");
        Check.Throws<ArgumentException>(() => TypeOf(f, "s").Format("\ud800"));
    }

    private const string World = @"package test:it@1.0.0;
interface api {
  record person { name: string, tags: list<u8>, age: option<u32> }
  variant choice { a(u32), b(f32), c(u64), d }
  enum hue { red, green, blue }
  resource thing { constructor(n: u32); get: func() -> u32; }
  echo: func(msg: string) -> string;
  people: func(all: list<person>) -> list<person>;
  choose: func(c: choice) -> choice;
  sum: func(a: s8, b: s16) -> s32;
  color: func() -> hue;
  nothing: func();
  absent: func();
  text: func() -> string;
  far: func() -> list<u64>;
}
world w { export api; }";

    [Test]
    public static void ValuesComeBackFromAGuest()
    {
        Wit wit = Wit.Parse(World, "it.wit");
        using (var folder = new Folder())
        using (Application application = folder.Application(Values, "type = \"x\""))
        using (var context = new Context(application, Engine()))
        using (Instance guest = context.Prepare("guest")) {
            CallFn Call = (name, args) => guest.Call(wit.Function(name), args);
            Check.Equal("hé", Call("echo", "hé"));
            Check.Equal("", Call("echo", ""));
            var people = (object[])Call("people", new object[] { new[] {
                Record("name", "Ann", "tags", new byte[] { 1, 2 }, "age", 3),
                Record("name", "", "tags", new byte[0], "age", null),
            } });
            var first = (Dictionary<string, object>)people[0];
            Check.Equal("Ann", first["name"]);
            Check.Equal("1,2", string.Join(",", (byte[])first["tags"]));
            Check.Equal<object>(3u, first["age"]);
            Check.Equal(null, ((Dictionary<string, object>)people[1])["age"]);
            foreach (var choice in new[] {
                new Variant("a", 7u), new Variant("c", ulong.MaxValue), new Variant("d"),
            })
                Check.Equal(choice, Call("choose", choice));
            Check.Equal<object>(297, Call("sum", -3, 300));
            Check.Equal(null, Call("nothing"));
            var thing = (Handle)Call("test:it/api@1.0.0#[constructor]thing", 1);
            Check.Equal(HandleKind.Own, thing.Kind);

            Check.Contains("guest", Check.Fails(ErrorKind.Invalid, () => Call("color")).Message);
            Check.Contains("UTF-8", Check.Fails(ErrorKind.Invalid, () => Call("text")).Message);
            Check.Contains("far", Check.Fails(ErrorKind.Trap, () => Call("far")).Message);
            Check.Contains("absent", Check.Fails(ErrorKind.NotFound, () => Call("absent")).Message);
            Check.Contains("not 0", Check.Fails(ErrorKind.Invalid, () => Call("echo")).Message);
            Check.Contains("msg", Check.Fails(ErrorKind.Invalid, () => Call("echo", 1)).Message);
        }
    }

    // ── the engine under this runtime ───────────────────────────────────────────────────────

    private static object nothing;

    /// <summary>Both the runtime and Wasmtime handle SIGSEGV, SIGFPE and SIGILL: each must get its
    /// own, in any order.</summary>
    [Test]
    public static void TrapsOfGuestsAndFaultsOfTheRuntimeDoNotGetMixedUp()
    {
        Wit wit = Wit.Parse("package a:b; world w { export unreachable: func();\n"
                            + "export divide: func(a: s32) -> s32; export overflow: func(); }", "trap.wit");
        Action RuntimeFaults = () => {
            Check.Throws<NullReferenceException>(() => nothing.ToString());
            int zero = nothing == null ? 0 : 1;
            Check.Throws<DivideByZeroException>(() => Check.Equal(0, 1 / zero));
        };
        RuntimeFaults();
        using (var folder = new Folder())
        using (Application application =
                   folder.Application("tests/engine/guests/trap.wasm", "type = \"x\""))
        using (var context = new Context(application, Engine())) {
            for (int round = 0; round < 20; round++) {
                foreach (string name in new[] { "unreachable", "divide", "overflow" }) {
                    object[] args = name == "divide" ? new object[] { 0 } : new object[0];
                    using (Instance guest = context.Prepare("guest"))
                        Check.Contains("guest", Check.Fails(ErrorKind.Trap, () => guest.Call(
                                                    wit.Function(name), args)).Message);
                    RuntimeFaults();
                }
            }
            using (Instance guest = context.Prepare("guest"))
                Check.Equal<object>(1, guest.Call(wit.Function("divide"), 1));
        }
    }

    /// <summary>Loads from outside of its memory, where there is a guard page: a SIGSEGV.</summary>
    private static readonly byte[] outOfBounds = {
        0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,        // a module
        1, 5, 1, 0x60, 0, 1, 0x7f,              // type: func() -> i32
        3, 2, 1, 0, 5, 3, 1, 0, 1,              // one function, one page of memory
        7, 16, 2, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, // export "memory"
        3, 0x6f, 0x6f, 0x62, 0, 0,              // export "oob"
        10, 13, 1, 11, 0, 0x41, 0xff, 0xff, 0xff, 0xff, 7, // i32.const 0x7fffffff
        0x28, 2, 0, 0x0b,                       // i32.load
    };

    [Test]
    public static void ASegmentationFaultOfAGuestIsATrap()
    {
        Function oob =
            Wit.Parse("package a:b; world w { export oob: func() -> s32; }", "o.wit").Function("oob");
        using (var folder = new Folder()) {
            string guest = Path.Combine(folder.Path, "oob.wasm");
            File.WriteAllBytes(guest, outOfBounds);
            using (Application application = folder.Application(guest, "type = \"x\""))
            using (var context = new Context(application, Engine()))
                for (int round = 0; round < 20; round++) {
                    using (Instance it = context.Prepare("guest"))
                        Check.Contains("oob", Check.Fails(ErrorKind.Trap, () => it.Call(oob)).Message);
                    Check.Throws<NullReferenceException>(() => nothing.ToString());
                }
        }
    }

    /// <summary>Guests run on stacks of their own. What only the frames below them refer to must
    /// survive the collections of other threads.</summary>
    [Test]
    public static void TheCollectorSeesTheFramesBelowAGuest()
    {
        Wit wit = Wit.Parse("package a:b; world w { export run: func(); }", "loop.wit");
        using (var folder = new Folder())
        using (Application application =
                   folder.Application("tests/engine/guests/loop.wasm", "type = \"x\"")) {
            bool ended = false;
            var collector = new Thread(() => {
                while (!Volatile.Read(ref ended)) {
                    GC.Collect();
                    GC.KeepAlive(Enumerable.Range(0, 1000).Select(i => new byte[i]).ToList());
                }
            });
            collector.Start();
            try {
                EngineOptions options = Engine();
                options.Timeout = TimeSpan.FromMilliseconds(300);
                using (var context = new Context(application, options)) {
                    for (int round = 0; round < 3; round++) {
                        WeakReference dead = null;
                        var other = new Thread(() => dead = new WeakReference(new object()));
                        other.Start();
                        other.Join();
                        Holding(context, wit.Function("run"), new WeakReference(null));
                        Check.That(!dead.IsAlive, "a collection meanwhile");
                    }
                }
            } finally {
                Volatile.Write(ref ended, true);
                collector.Join();
            }
        }
    }

    private static void Holding(Context context, Function spin, WeakReference alive)
    {
        var held = new[] { new StringBuilder("held"), new StringBuilder("as well") };
        alive.Target = held[1];
        using (Instance guest = context.Prepare("guest"))
            Check.Fails(ErrorKind.Timeout, () => guest.Call(spin));
        Check.That(alive.IsAlive, "what a frame refers to");
        Check.Equal("as well", held[1].ToString());
    }

    [Test]
    public static void TwoEnginesAtOnceDoNotSeeEachOther()
    {
        Task[] tasks = new[] { "left", "right" }.Select(name => Task.Factory.StartNew(() => {
            Function echo = Wit.Parse(World, "it.wit").Function("echo");
            using (var folder = new Folder())
            using (Application application = folder.Application(Values, "type = \"x\""))
            using (var context = new Context(application, Engine()))
                for (int round = 0; round < 200; round++)
                    using (Instance guest = context.Prepare("guest"))
                        Check.Equal($"{name} {round}", guest.Call(echo, $"{name} {round}"));
        }, TaskCreationOptions.LongRunning)).ToArray();
        Task.WaitAll(tasks);
    }

    [Test]
    public static void WhatNobodyDisposesOfIsFreed()
    {
        Function echo = Wit.Parse(World, "it.wit").Function("echo");
        using (var folder = new Folder())
        using (Application application = folder.Application(Values, "type = \"x\""))
        using (var context = new Context(application, Engine())) {
            // Many more than max_instances.
            for (int round = 0; round < 10; round++) {
                Forget(context, echo);
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Instance last = context.Prepare("guest");
            context.Dispose();
            Check.Equal("x", last.Call(echo, "x"));
            last.Dispose();
            Check.Throws<ObjectDisposedException>(() => last.Call(echo, "x"));
            Check.Throws<ObjectDisposedException>(() => context.Prepare("guest"));
        }
    }

    private static void Forget(Context context, Function echo)
    {
        // On another thread, whose stack goes away: the collector is a conservative one.
        var thread = new Thread(() => {
            for (int i = 0; i < 8; i++)
                Check.Equal("x", context.Prepare("guest").Call(echo, "x"));
        });
        thread.Start();
        thread.Join();
    }

    [Test]
    public static void AContextBelongsToOneThreadAtATime()
    {
        Wit wit = Wit.Parse("package a:b; world w { export run: func(); }", "loop.wit");
        EngineOptions options = Engine();
        options.Timeout = TimeSpan.FromMilliseconds(500);
        using (var folder = new Folder())
        using (Application application =
                   folder.Application("tests/engine/guests/loop.wasm", "type = \"x\""))
        using (var context = new Context(application, options))
        using (Instance guest = context.Prepare("guest")) {
            Task call = Task.Factory.StartNew(
                () => Check.Fails(ErrorKind.Timeout, () => guest.Call(wit.Function("run"))),
                TaskCreationOptions.LongRunning);
            Thread.Sleep(150);
            Check.Throws<InvalidOperationException>(() => context.Prepare("guest"));
            call.Wait();
            context.Prepare("guest").Dispose();
        }
    }
}
