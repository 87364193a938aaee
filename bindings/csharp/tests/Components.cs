// Components of the component model.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Spin.Host;

internal static class Components
{
    private const string Guest = "tests/engine/components/run.wasm";
    private const string Text = "test:host/text@1.2.0";
    private const string Files = "test:host/files@0.2.1";
    private const string Things = "test:it/things@1.0.0#";
    private const ulong First = 1UL << 40;

    private static EngineOptions Engine() =>
        new EngineOptions { DisableCache = true, MaxInstances = 10 };

    private static object Upper(object[] args) => ((string)args[0]).ToUpperInvariant();

    /// <summary>What run.wasm imports.</summary>
    private static Context Host(Func<object[], object> upper, Action<ulong> drop = null)
    {
        using (var builder = new ContextBuilder(null, Engine())) {
            var sizes = new List<ulong>();
            builder.AddComponent("it", Component.Load(Guest));
            builder.DefineFunction(Text, "upper", upper);
            builder.DefineFunction("test:host/text@1.4.2", "later", args => (uint)args[0] + 1);
            builder.DefineFunction(Files, "open", args => {
                sizes.Add((ulong)((string)args[0]).Length);
                return new Handle(HandleKind.Own, First + (ulong)sizes.Count - 1);
            });
            builder.DefineFunction(Files, "[method]file.size",
                                   args => sizes[(int)(((Handle)args[0]).Index - First)]);
            builder.DefineResource(Files, "file", drop);
            return builder.Build();
        }
    }

    private static void With(Context context, Action<Instance> use)
    {
        using (context)
        using (Instance instance = context.Prepare("it"))
            use(instance);
    }

    [Test]
    public static void AComponentCanBeLookedAt()
    {
        Component it = Component.Parse(File.ReadAllBytes(Guest));
        Dictionary<string, Item> items = it.Imports.Concat(it.Exports).ToDictionary(item => item.Name);
        Check.Equal(2, items["add"].Function.Parameters.Count);
        Check.Equal("green", items["hue"].Type.Format("green"));
        Check.Equal(ItemKind.Type, items["hue"].Kind);
        Check.Equal(ItemKind.Instance, items["test:it/things@1.0.0"].Kind);
        Check.Equal(ItemKind.Resource, items[Things + "thing"].Kind);
        Check.Equal(ItemKind.Function, items[Text + "#upper"].Kind);
        Check.Contains("upper: func(s: string) -> string", it.Wit());
        Check.Contains("(component", it.Print());
        Check.Fails(ErrorKind.NotFound, () => it.Module("nothing"));
    }

    [Test]
    public static void ErrorsOfComponentsHaveKindAndPosition()
    {
        byte[] bytes = File.ReadAllBytes(Guest);
        SpinException cut = Check.Fails(ErrorKind.Invalid,
                                        () => Component.Parse(bytes.Take(bytes.Length - 1).ToArray()));
        Check.That(cut.Links.Any(link => link.Offset != null), "an offset");
        Check.Fails(ErrorKind.NotFound, () => Component.Load("/nowhere.wasm"));
        var builder = new ContextBuilder(null, Engine());
        var modules = new Dictionary<string, byte[]> { { "unused", bytes } };
        Component definition = Component.Load(Guest, modules, true);
        Check.Fails(ErrorKind.Usage, () => builder.AddComponent("it", definition));
        builder.AddComponent("it", Component.Load(Guest));
        Check.Fails(ErrorKind.Usage, () => builder.AddComponent("it", Component.Load(Guest)));
        Check.Throws<ArgumentNullException>(() => builder.DefineFunction(Text, "upper", null));
        Check.Contains("does not offer",
                       Check.Fails(ErrorKind.Invalid, () => builder.Build()).Message);
        Check.Throws<ObjectDisposedException>(() => builder.Build());
        new ContextBuilder().Dispose(); // never built
    }

    private static Dictionary<string, object> One(Variant v, object[] list, Result r, string[] fl,
                                                  object oo) => new Dictionary<string, object> {
        { "b", true }, { "s8", sbyte.MinValue }, { "u8", byte.MaxValue }, { "s16", short.MinValue },
        { "u16", ushort.MaxValue }, { "s32", int.MinValue }, { "u32", uint.MaxValue },
        { "s64", long.MinValue }, { "u64", ulong.MaxValue }, { "f32", -1.5f }, { "f64", 0.1 },
        { "c", "é" }, { "text", "héllo\0" }, { "bytes", new byte[] { 0, 255 } }, { "list", list },
        { "pair", new object[] { "a", 7u } }, { "v", v }, { "e", "dark-blue" }, { "o", "here" },
        { "oo", oo }, { "r", r }, { "fl", new HashSet<string>(fl) },
    };

    [Test]
    public static void EveryKindGoesThroughGuestAndHost()
    {
        int calls = 0;
        using (var builder = new ContextBuilder(null, Engine())) {
            builder.AddComponent("it", Component.Load("tests/engine/components/values.wasm"));
            builder.DefineFunction("", "pass", args => { calls++; return args[0]; });
            With(builder.Build(), it => {
                var values = new object[] {
                    One(new Variant("text", "x"), new object[] { (ushort)1, (ushort)2 },
                        Result.Error("no"), new[] { "read", "run-it" }, new Some(null)),
                    One(new Variant("none"), new object[0], Result.Ok(3u), new string[0], null),
                };
                WitType type = Component.Load("tests/engine/components/values.wasm").Exports
                    .First(item => item.Name == "echo").Function.Result;
                string wanted = type.Format(values);
                Check.Contains("dark-blue", wanted);
                for (int i = 0; i < 20; i++)
                    foreach (string name in new[] { "echo", "pass" })
                        Check.Equal(wanted, type.Format(it.CallExport(name, (object)values)));
            });
        }
        Check.Equal(20, calls);
    }

    [Test]
    public static void FunctionsOfTheHostAreCalled() => With(Host(Upper), it => {
        Check.Equal<object>("NAÏVE 🎈", it.CallExport("shout", "naïve 🎈"));
        Check.Equal<object>(7u, it.CallExport("wait", 6));
        Check.Equal(null, it.CallExport("keep", "x"));
        Check.Contains("did you mean \"add\"",
                       Check.Fails(ErrorKind.NotFound, () => it.CallExport("adt")).Message);
        Check.Contains("2 arguments, not 1",
                       Check.Fails(ErrorKind.Invalid, () => it.CallExport("add", 1)).Message);
        Check.Fails(ErrorKind.Invalid, () => it.CallExport("shout", 1));
        Check.Fails(ErrorKind.Trap, () => it.CallExport("fail"));
    });

    private static int Deep(int n) => n == 0 ? 0 : 1 + Deep(n - 1);

    /// <summary>A guest's stack would be too small, and the collector would not know it.</summary>
    [Test]
    public static void TheyRunOnTheCallersStack()
    {
        int thread = 0, depth = 0;
        With(Host(args => {
            GC.Collect();
            thread = Thread.CurrentThread.ManagedThreadId;
            depth = Deep(3000);
            GC.Collect();
            return args[0];
        }), it => {
            for (int i = 0; i < 10; i++)
                Check.Equal<object>("x", it.CallExport("shout", "x"));
        });
        Check.Equal(Thread.CurrentThread.ManagedThreadId, thread);
        Check.Equal(3000, depth);
    }

    [Test]
    public static void WhatTheyThrowTrapsTheGuest()
    {
        using (Context context = Host(args => throw new FormatException("not %s this"))) {
            using (Instance it = context.Prepare("it")) {
                Check.Contains("not %s this",
                               Check.Fails(ErrorKind.Trap, () => it.CallExport("shout", "x")).Message);
                Check.Contains("cannot enter",
                               Check.Fails(ErrorKind.Trap, () => it.CallExport("add", 1, 2)).Message);
            }
            using (Instance it = context.Prepare("it"))
                Check.Equal<object>(3u, it.CallExport("add", 1, 2));
        }
        foreach (object wrong in new object[] { null, 5, new byte[0] })
            With(Host(args => wrong), it => Check.Contains(
                "is no string", Check.Fails(ErrorKind.Trap, () => it.CallExport("shout", "x")).Message));
    }

    [Test]
    public static void TheyCanNotUseTheirContext()
    {
        Context context = null;
        Instance it = null;
        context = Host(args => {
            Check.Throws<InvalidOperationException>(() => context.Prepare("it"));
            Check.Throws<InvalidOperationException>(() => it.CallExport("add", 1, 2));
            Check.Throws<InvalidOperationException>(() => it.Dispose());
            context.Dispose(); // takes effect when the last instance goes
            return args[0];
        });
        using (it = context.Prepare("it"))
            Check.Equal<object>("x", it.CallExport("shout", "x"));
    }

    [Test]
    public static void ResourcesOfTheHostAreDropped()
    {
        var dropped = new List<ulong>();
        With(Host(Upper, dropped.Add), it => {
            Check.Equal<object>(3UL, it.CallExport("measure", "abc"));
            it.CallExport("keep", "left");
            Check.Equal($"{First}", string.Join(" ", dropped));
        });
        Check.Equal($"{First} {First + 1}", string.Join(" ", dropped));
        With(Host(Upper, number => throw new Exception("it does not let go")), it => Check.Contains(
            "it does not let go",
            Check.Fails(ErrorKind.Internal, () => it.CallExport("measure", "abc")).Message));
    }

    [Test]
    public static void ResourcesOfTheGuestAreHandles() => With(Host(Upper), it => {
        var first = (Handle)it.CallExport(Things + "[constructor]thing", 30);
        var second = (Handle)it.CallExport(Things + "[constructor]thing", 5);
        Check.Equal<object>(30u, it.CallExport(Things + "[method]thing.value", first));
        it.CallExport(Things + "swallow", first);
        it.Drop(second);
        Check.Equal<object>(35u, it.CallExport(Things + "dropped"));
        foreach (ulong index in new[] { second.Index, 12345UL, (1UL << 32) + second.Index })
            Check.Contains("not a handle", Check.Fails(ErrorKind.Invalid,
                () => it.Drop(new Handle(HandleKind.Own, index))).Message);
    });

    [Test]
    public static void TheComponentExampleRuns()
    {
        string example = Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "component.exe");
        Ran ran = Tests.Run("mono", example);
        Check.Equal("", ran.Errors);
        Check.That(ran.Output.EndsWith("\nHello, you!\n"), ran.Output);
        Check.Contains("Function test:guests/text@1.0.0#greet", ran.Output);
    }
}
