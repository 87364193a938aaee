using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Spin.Host;

internal static class Triggers
{
    private const string Echo = "examples/spin-timer-echo/guest/echo.wasm";
    private static readonly TimeSpan tick = TimeSpan.FromMilliseconds(5);

    private static EngineOptions Engine() =>
        new EngineOptions { DisableCache = true, MaxInstances = 10 };

    // ── HTTP ────────────────────────────────────────────────────────────────────────────────

    private static HttpOptions Options(Folder folder) => new HttpOptions {
        Listen = "127.0.0.1:0", LogDirectory = Path.Combine(folder.Path, "logs"), Engine = Engine(),
    };

    private static string Get(string address, string path)
    {
        string[] parts = address.Split(':');
        using (var client = new TcpClient(parts[0], int.Parse(parts[1]))) {
            client.ReceiveTimeout = 20000;
            byte[] request = Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            client.GetStream().Write(request, 0, request.Length);
            return new StreamReader(client.GetStream()).ReadToEnd();
        }
    }

    [Test]
    public static void HttpServesUntilItIsStopped()
    {
        using (var folder = new Folder())
        using (Application application = Application.Load("examples/hello")) {
            var server = new HttpServer(application, Options(folder));
            string address = server.Address;
            Check.That(!address.EndsWith(":0"), address);
            HttpOptions taken = Options(folder);
            taken.Listen = address;
            Check.Fails(ErrorKind.Exists, () => new HttpServer(application, taken));
            Task run = server.RunAsync();
            Check.That(Get(address, "/").StartsWith("HTTP/1.1 200"), "200");
            Check.That(Get(address, "/healthz").EndsWith("OK"), "healthz");
            GC.Collect(); // while the library waits
            Check.That(Get(address, "/").StartsWith("HTTP/1.1 200"), "200 again");
            server.Stop();
            Check.That(run.Wait(20000), "an end");
            server.Dispose();
            server.Stop(); // of what is gone
            Check.Throws<SocketException>(() => Get(address, "/"));
        }
    }

    [Test]
    public static void VariablesHaveTheValuesOfTheOptions()
    {
        using (var folder = new Folder())
        using (Application application = Application.Load("examples/many/apps/shop.example")) {
            HttpOptions options = Options(folder);
            options.Engine.Variables =
                new Dictionary<string, string> { { "currency", "a=b" }, { "not_there", "x" } };
            using (var server = new HttpServer(application, options)) {
                Task run = server.RunAsync();
                Check.Contains("100 a=b", Get(server.Address, "/?key=price"));
                server.Stop();
                Check.That(run.Wait(20000), "an end");
            }
            options.Engine.Variables = new Dictionary<string, string> { { "", "x" } };
            Check.Fails(ErrorKind.Usage, () => new Context(application, options.Engine));
        }
    }

    [Test]
    public static void TheErrorOfARunIsDelivered()
    {
        using (var folder = new Folder()) {
            string manifest = folder.Manifest("tests/e2e/guests/trap.c", "type = \"http\"");
            File.AppendAllText(manifest, "route = \"/...\"\n");
            SpinException error = Check.Fails(ErrorKind.Invalid, () => {
                using (Application application = Application.Load(manifest))
                using (var server = new HttpServer(application, Options(folder)))
                    server.RunAsync().GetAwaiter().GetResult();
            });
            Check.Contains("guest", error.Message);
        }
    }

    // ── triggers of one's own ───────────────────────────────────────────────────────────────

    private static CustomTrigger Scene(Folder folder, string settings, Action<Opening> open,
                                       Action<Worker> start)
    {
        using (Application application = folder.Application(Echo, $"type = \"timer\"{settings}"))
            return new CustomTrigger("timer", open, start, application, new TriggerOptions {
                Engine = Engine(), ShutdownTimeout = TimeSpan.FromSeconds(5),
            });
    }

    [Test]
    public static void FiveTicksCallTheGuest()
    {
        Function echo = Wit.Load("examples/spin-timer-echo/echo.wit").Function("echo");
        var answers = new List<string>();
        int ticks = 0;
        using (var folder = new Folder())
        using (CustomTrigger trigger = Scene(folder, "", null, worker => worker.Every(tick, _ => {
            int number = ++ticks;
            GC.Collect(); // nothing that C holds may move or go
            if (number <= 5)
                worker.Call("guest", echo, new object[] { $"tick {number}" }, (__, answer, error) => {
                    answers.Add(error == null ? (string)answer : error.Message);
                    if (number == 5)
                        worker.Stop();
                });
        })))
            trigger.Run();
        Check.Equal(string.Join("\n", Enumerable.Range(1, 5).Select(each => $"ECHO: tick {each}")),
                    string.Join("\n", answers));
    }

    [Test]
    public static void SettingsAreReadWithTheirPlaces()
    {
        using (var folder = new Folder()) {
            string all = ", interval = \"250ms\", count = 3, fast = true, name = \"x\", list = [1]";
            Scene(folder, all, opening => {
                Settings it = opening.Settings;
                Check.Equal(TimeSpan.FromMilliseconds(250), it.Duration("interval").Value);
                Check.Equal(3L, it.Integer("count", 1, 3).Value);
                Check.Equal(true, it.Boolean("fast").Value);
                Check.Equal("x", it.Text("name"));
                Check.Contains("1", it.Json("list"));
                Check.Equal(null, it.Text("other"));
                Check.Equal(null, opening.ComponentSettings("guest").Integer("x"));
                Check.Fails(ErrorKind.NotFound, () => opening.ComponentSettings("none"));
            }, worker => { }).Dispose();
            SpinException range = Check.Fails(ErrorKind.Invalid, () => Scene(
                folder, ", n = 9", opening => opening.Settings.Integer("n", 0, 5), worker => { }));
            Check.Equal("4:33", $"{range.Position.Line}:{range.Position.Column}");
            SpinException own = Check.Fails(ErrorKind.Invalid, () => Scene(
                folder, ", n = 9", opening => throw opening.Settings.Error("n", "no: 5%"),
                worker => { }));
            Check.Contains("trigger.n: no: 5%", own.Message);
            Check.Contains("unknown", Check.Fails(ErrorKind.Invalid, () => Scene(
                folder, ", unknown = 9", null, worker => { })).Message);
        }
    }

    private static SpinException RunFails(ErrorKind kind, Action<Worker> start)
    {
        using (var folder = new Folder())
        using (CustomTrigger trigger = Scene(folder, "", null, start))
            return Check.Fails(kind, () => trigger.RunAsync().GetAwaiter().GetResult());
    }

    [Test]
    public static void ExceptionsOfCallbacksEndTheRun()
    {
        using (var folder = new Folder()) {
            SpinException opened = Check.Fails(ErrorKind.Internal, () => Scene(
                folder, "", opening => throw new FormatException("in open"), worker => { }));
            Check.Contains("FormatException: in open", opened.Message);
            Check.That(opened.InnerException is FormatException, "inner");
        }
        Action<string, Action<Worker>> Fails = (part, start) =>
            Check.Contains(part, RunFails(ErrorKind.Internal, start).Message);
        Fails("in start", worker => throw new Exception("in start"));
        Fails("in tick", worker => worker.Every(tick, _ => throw new Exception("in tick")));
        Fails("posted", worker => worker.Post(_ => throw new Exception("posted")));
        Function echo = Wit.Load("examples/spin-timer-echo/echo.wit").Function("echo");
        Fails("in called", worker => worker.Call("guest", echo, new object[] { "x" },
                                                 (_, answer, error) => {
                                                     Check.Equal("ECHO: x", (string)answer);
                                                     throw new Exception("in called");
                                                 }));
        RunFails(ErrorKind.Limit, worker => throw new SpinException(ErrorKind.Limit, "enough"));
        RunFails(ErrorKind.NotFound, worker => worker.Call("nobody", echo, new object[] { "x" }, null));
        RunFails(ErrorKind.Usage, worker => worker.Every(TimeSpan.Zero, _ => { }));
    }

    [Test]
    public static void PostsArriveInOrder()
    {
        var order = new List<int>();
        var started = new ManualResetEventSlim();
        Worker kept = null;
        using (var folder = new Folder())
        using (CustomTrigger trigger = Scene(folder, "", null, worker => {
            kept = worker;
            started.Set();
        })) {
            Check.Fails(ErrorKind.Cancelled, () => trigger.Post(_ => { }));
            Task run = trigger.RunAsync();
            Check.That(started.Wait(20000), "a start");
            Check.Throws<InvalidOperationException>(() => kept.Every(tick, _ => { }));
            for (int i = 0; i < 10; i++) {
                int number = i;
                trigger.Post(worker => {
                    order.Add(number);
                    if (number == 9)
                        worker.Stop();
                });
            }
            Check.That(run.Wait(20000), "an end");
            Check.Equal("0123456789", string.Concat(order));
            Check.Fails(ErrorKind.Cancelled, () => trigger.Post(_ => { }));
            Check.Fails(ErrorKind.Usage, () => trigger.Run());
        }
    }

    [Test]
    public static void AStopBeforeTheRunEndsItAtOnce()
    {
        using (var folder = new Folder())
        using (CustomTrigger trigger = Scene(folder, "", null, worker => { })) {
            trigger.Stop();
            trigger.Run();
        }
    }

    [Test]
    public static void AStopFromInsideStartEndsItToo()
    {
        using (var folder = new Folder())
        using (CustomTrigger trigger = Scene(folder, "", null, worker => {
            worker.Stop();
            using (Application application = worker.Application)
                Check.Equal("app", application.Name);
        }))
            trigger.Run();
    }

    [Test]
    public static void AnotherTriggerTypeIsRefused()
    {
        using (var folder = new Folder())
        using (Application application = folder.Application(Echo, "type = \"timer\""))
            Check.Fails(ErrorKind.Usage, () => new CustomTrigger("cron", null, worker => { },
                                                                 application));
    }

    [Test]
    public static void ATriggerThatIsGoneLetsGoOfItsObjects()
    {
        // On another thread, whose stack goes away. The collector is a conservative one all the
        // same and may see the last ones in what they left behind: so many, and not all must go.
        List<WeakReference> disposed = null, forgotten = null;
        var thread = new Thread(() => {
            disposed = Enumerable.Range(0, 10).Select(_ => Used(true)).ToList();
            forgotten = Enumerable.Range(0, 10).Select(_ => Used(false)).ToList();
        });
        thread.Start();
        thread.Join();
        Func<List<WeakReference>, int> alive = all => all.Count(each => each.IsAlive);
        for (int round = 0; round < 20 && alive(disposed) + alive(forgotten) > 0; round++) {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Check.That(alive(disposed) <= 2, "disposed of");
        Check.That(alive(forgotten) <= 2, "forgotten");
    }

    private static WeakReference Used(bool dispose)
    {
        var held = new object();
        using (var folder = new Folder()) {
            CustomTrigger trigger = Scene(folder, "", null, worker => {
                GC.KeepAlive(held);
                worker.Every(tick, it => it.Stop());
            });
            trigger.Run();
            if (dispose)
                trigger.Dispose();
        }
        return new WeakReference(held);
    }

    // ── the examples ────────────────────────────────────────────────────────────────────────

    private static string Example(string name) =>
        Path.Combine(AppDomain.CurrentDomain.BaseDirectory, name + ".exe");

    [Test]
    public static void TheExampleTimerEchoTicks()
    {
        using (var folder = new Folder()) {
            string manifest = folder.Manifest(Echo, "type = \"timer\", interval = \"20ms\"");
            Ran ran = Tests.Run("mono", $"{Example("timer_echo")} {manifest} --ticks 5");
            Check.Equal(string.Concat(Enumerable.Range(1, 5).Select(each => $"ECHO: tick {each}\n")),
                        ran.Output);
            Check.Equal(0, ran.Status);
            string wrong = folder.Manifest(Echo, "type = \"timer\", interval = \"soon\"");
            ran = Tests.Run("mono", $"{Example("timer_echo")} {wrong}");
            Check.Equal(1, ran.Status);
            Check.Contains("spin.toml:4:", ran.Errors);
        }
    }

    [Test]
    public static void TheExampleHttpServesAndStopsOnASignal()
    {
        var start = new ProcessStartInfo("mono", $"{Example("http")} examples/hello 127.0.0.1:0") {
            UseShellExecute = false, RedirectStandardOutput = true,
        };
        using (var folder = new Folder()) {
            start.EnvironmentVariables["HOME"] = folder.Path;
            using (Process server = Process.Start(start)) {
                string line = server.StandardOutput.ReadLine();
                string address = line.Substring(line.IndexOf("//") + 2);
                Check.That(Get(address, "/").StartsWith("HTTP/1.1 200"), "200");
                Tests.Run("kill", $"-INT {server.Id}");
                Check.That(server.WaitForExit(20000), "an end");
                Check.Equal(0, server.ExitCode);
            }
        }
    }
}
