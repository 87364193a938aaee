// A few lines in place of a test framework: runs every [Test], the log's first, each for a minute at
// most.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using Spin.Host;

[AttributeUsage(AttributeTargets.Method)]
internal sealed class TestAttribute : Attribute
{
    public bool First { get; set; }
}

internal static class Check
{
    public static void That(bool condition, string what)
    {
        if (!condition)
            throw new Exception("not so: " + what);
    }

    public static void Equal<T>(T expected, T found)
    {
        if (!Equals(expected, found))
            throw new Exception($"expected {expected}\n  found {found}");
    }

    public static void Contains(string part, string text) =>
        That(text.Contains(part), $"\"{part}\" in \"{text}\"");

    public static T Throws<T>(Action action) where T : Exception
    {
        try {
            action();
        } catch (T expected) {
            return expected;
        }
        throw new Exception("no " + typeof(T).Name);
    }

    public static SpinException Fails(ErrorKind kind, Action action)
    {
        var error = Throws<SpinException>(action);
        Equal($"{kind}", $"{error.Kind}");
        return error;
    }
}

/// <summary>A temporary folder that goes away, with an application in it.</summary>
internal sealed class Folder : IDisposable
{
    public string Path { get; } =
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), "spin-cs-" + Guid.NewGuid());

    public Folder() { Directory.CreateDirectory(Path); }

    public string Manifest(string guest, string trigger)
    {
        File.Copy(guest, System.IO.Path.Combine(Path, "guest.wasm"), true);
        string manifest = System.IO.Path.Combine(Path, "spin.toml");
        File.WriteAllText(manifest, $"spin_version = \"1\"\nname = \"app\"\nversion = \"1.2.3\"\n"
            + $"trigger = {{ {trigger} }}\n[[component]]\nid = \"guest\"\nsource = \"guest.wasm\"\n"
            + "files = [\"nothing-here*\"]\n[component.trigger]\n");
        return manifest;
    }

    public Application Application(string guest, string trigger) =>
        Spin.Host.Application.Load(Manifest(guest, trigger));

    public void Dispose() => Directory.Delete(Path, true);
}

internal struct Ran
{
    public int Status;
    public string Output;
    public string Errors;
}

internal static partial class Tests
{
    public static Ran Run(string program, string arguments)
    {
        var start = new ProcessStartInfo(program, arguments) {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using (Process process = Process.Start(start)) {
            System.Threading.Tasks.Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new Ran { Status = process.ExitCode, Output = output, Errors = errors.Result };
        }
    }

    private static int Main(string[] only)
    {
        int passed = 0, failed = 0;
        IEnumerable<MethodInfo> tests =
            typeof(Tests).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public))
                .Where(method => method.GetCustomAttribute<TestAttribute>() != null)
                .Where(method => only.Length == 0 || only.Contains(method.Name))
                .OrderBy(method => !method.GetCustomAttribute<TestAttribute>().First);
        foreach (MethodInfo test in tests) {
            Exception failure = null;
            var thread = new Thread(() => {
                try {
                    ((Action)test.CreateDelegate(typeof(Action)))();
                } catch (Exception exception) {
                    failure = exception;
                }
            });
            thread.IsBackground = true;
            thread.Start();
            if (!thread.Join(TimeSpan.FromMinutes(1)))
                failure = new Exception("takes too long");
            Console.WriteLine($"{(failure == null ? "ok    " : "FAILED")} {test.Name}");
            if (failure != null)
                Console.WriteLine(failure);
            if (failure == null)
                passed++;
            else
                failed++;
        }
        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }
}
