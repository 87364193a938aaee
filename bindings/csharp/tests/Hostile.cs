using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Spin.Host;

/// <summary>Rare types, and uses that a careful caller would not think of.</summary>
internal static class Hostile
{
    private const string Echo = "examples/spin-timer-echo/guest/echo.wasm";

    private static EngineOptions Engine() =>
        new EngineOptions { DisableCache = true, MaxInstances = 20 };

    [Test]
    public static void RareTypesGoThroughAGuest()
    {
        string bits = string.Join(", ", Enumerable.Range(0, 40).Select(bit => $"bit{bit}"));
        using (var folder = new Folder())
        using (Application application =
                   folder.Application("tests/engine/guests/abi_value.wasm", "type = \"x\""))
        using (var context = new Context(application, Engine()))
        using (Instance guest = context.Prepare("guest")) {
            Func<string, object, object> through = (kind, value) => {
                string wit = "package a:b; interface i { resource thing; flags many { " + bits
                    + " } } world w { use i.{thing, many}; export plain: func(x: list<" + kind
                    + ">) -> list<" + kind + ">; }";
                Function plain = Wit.Parse(wit, "it.wit").Function("plain");
                return ((object[])guest.Call(plain, new object[] { new[] { value, value } }))[1];
            };
            var map = (Dictionary<object, object>)through(
                "map<u64, string>",
                new Dictionary<ulong, string> { { ulong.MaxValue, "" }, { 0, "\U0001F600 é" } });
            Check.Equal("", map[ulong.MaxValue]);
            Check.Equal("\U0001F600 é", map[0ul]);
            var three = (object[])through("list<u8, 3>", new byte[] { 1, 2, 3 });
            Check.That(three.Cast<byte>().SequenceEqual(new byte[] { 1, 2, 3 }), "three");
            var flags = new[] { "bit0", "bit31", "bit32", "bit39" };
            Check.That(((HashSet<string>)through("many", flags)).SetEquals(flags), "flags");
            Check.Equal(double.NegativeInfinity, through("f64", double.NegativeInfinity));
            Check.Equal(7.0, through("f64", 7ul));
            Check.That(float.IsNaN((float)through("f32", float.NaN)), "NaN");
            Check.Equal("", through("string", ""));
            Check.Equal(0, ((byte[])guest.Call(
                Wit.Parse("package a:b; world w { export plain: func(x: list<u8>) -> list<u8>; }",
                          "it.wit").Function("plain"), new byte[0])).Length);
            var handle = (Handle)through("own<thing>", new Handle(HandleKind.Own, 7));
            Check.Equal(7ul, handle.Index);
            Check.Equal<object>(null, through("option<own<thing>>", null));
            var pair = (object[])through("tuple<char, s64>",
                                         new object[] { "\U0010FFFF", long.MinValue });
            Check.Equal("\U0010FFFF", pair[0]);
            Check.Equal(long.MinValue, pair[1]);
        }
    }

    [Test]
    public static void AMebibyteGoesThroughAGuestFast()
    {
        byte[] big = Enumerable.Range(0, 1 << 20).Select(each => (byte)each).ToArray();
        Function echo =
            Wit.Parse("echo: function(msg: list<u8>) -> list<u8>", "it.wit").Function("echo");
        using (var folder = new Folder())
        using (Application application = folder.Application(Echo, "type = \"x\""))
        using (var context = new Context(application, Engine())) {
            Stopwatch watch = Stopwatch.StartNew();
            for (int i = 0; i < 10; i++)
                using (Instance guest = context.Prepare("guest")) {
                    var back = (byte[])guest.Call(echo, big);
                    Check.That(back.Length == big.Length + 6 && back.Skip(6).SequenceEqual(big),
                               "the same");
                }
            Check.That(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
        }
    }

    [Test]
    public static void DisposeEndsARun()
    {
        using (var folder = new Folder())
        using (Application application = folder.Application(Echo, "type = \"timer\"")) {
            var started = new ManualResetEventSlim();
            var trigger = new CustomTrigger("timer", null, worker => started.Set(), application,
                                            new TriggerOptions { Engine = Engine() });
            Task run = trigger.RunAsync();
            Check.That(started.Wait(20000), "a start");
            trigger.Dispose();
            Check.That(run.Wait(20000), "an end");
            trigger.Dispose();
        }
    }

    [Test]
    public static void WhatIsOverIsOfNoUse()
    {
        var uses = new List<Action>();
        Action check = () => {
            foreach (Action use in uses)
                Check.Throws<ObjectDisposedException>(use);
        };
        using (var folder = new Folder())
        using (Application application = folder.Application(Echo, "type = \"timer\"")) {
            using (var trigger = new CustomTrigger("timer", opening => {
                Settings it = opening.Settings;
                uses.Add(() => it.Text("x"));
                uses.Add(() => it.Json("x"));
                uses.Add(() => it.Error("x", "wrong"));
                uses.Add(() => opening.Settings.Boolean("x"));
                uses.Add(() => opening.ComponentSettings("guest"));
                uses.Add(() => opening.Application.Dispose());
            }, worker => {
                check();
                worker.Stop();
                uses.Add(worker.Stop);
                uses.Add(() => worker.Every(TimeSpan.FromSeconds(1), _ => { }));
            }, application, new TriggerOptions { Engine = Engine() })) {
                Task run = trigger.RunAsync();
                Check.That(run.Wait(20000), "an end");
            }
            Check.Throws<InvalidOperationException>(() => uses.Last()()); // another thread
            uses.RemoveRange(6, 2);
            check();
        }
    }

    [Test]
    public static void TimesThatAreNoneAreRefused()
    {
        var seconds = new EngineOptions { DisableCache = true, Timeout = TimeSpan.Zero };
        using (var folder = new Folder())
        using (Application application = folder.Application(Echo, "type = \"x\"")) {
            Function echo =
                Wit.Parse("echo: function(msg: string) -> string", "it.wit").Function("echo");
            using (var context = new Context(application, seconds)) // zero: the default
            using (Instance guest = context.Prepare("guest"))
                Check.Equal("ECHO: x", guest.Call(echo, "x"));
            seconds.Timeout = System.Threading.Timeout.InfiniteTimeSpan; // which is negative
            Check.Throws<ArgumentOutOfRangeException>(() => new Context(application, seconds));
            Check.Throws<ArgumentException>(() => Application.Load("/dev/null\0.toml"));
        }
    }
}
