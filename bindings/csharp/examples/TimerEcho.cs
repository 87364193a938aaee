// A trigger of a new type, "timer": on every interval it calls `echo` in the application's first
// component and prints what comes back: `timer_echo.exe [MANIFEST] [--ticks N]`, from the
// repository's root.
using System;
using System.Collections.Generic;
using System.IO;
using Spin.Host;

internal sealed class TimerTrigger : ITrigger
{
    private readonly Function echo;
    private readonly int ticks;
    private string component;
    private TimeSpan interval;
    private int tick;

    public TimerTrigger(Function echo, int ticks) { this.echo = echo; this.ticks = ticks; }

    public void Open(Opening opening)
    {
        Settings settings = opening.Settings;
        using (Application application = opening.Application) {
            IReadOnlyList<string> components = application.ComponentIds;
            if (components.Count == 0)
                throw settings.Error("type", "needs a component to run");
            component = components[0];
        }
        interval = settings.Duration("interval") ?? TimeSpan.FromSeconds(1);
        if (interval == TimeSpan.Zero)
            throw settings.Error("interval", "must be more than zero");
        settings.Integer("ticks", 1); // known, but it is the command line that counts here
    }

    public void Start(Worker worker) => worker.Every(interval, Tick);

    public void Stop(Worker worker) { }

    private void Tick(Worker worker)
    {
        bool last = ++tick == ticks;
        worker.Call(component, echo, new object[] { $"tick {tick}" }, (_, answer, error) => {
            // A component that fails does not end the trigger.
            if (error != null)
                Console.Error.WriteLine("Error: tick: " + error.Message);
            else
                Console.WriteLine(answer);
            if (last)
                worker.Stop();
        });
    }
}

internal static class TimerEcho
{
    private const string Example = "examples/spin-timer-echo";

    private static int Main(string[] arguments)
    {
        string manifest = Path.Combine(Example, "spin.toml");
        int ticks = 5;
        for (int i = 0; i < arguments.Length; i++) {
            if (arguments[i] != "--ticks") {
                manifest = arguments[i];
            } else if (++i == arguments.Length || !int.TryParse(arguments[i], out ticks) || ticks < 1) {
                Console.Error.WriteLine("Error: --ticks wants a number from 1");
                return 2;
            }
        }
        try {
            Function echo = Wit.Load(Path.Combine(Example, "echo.wit")).Function("echo");
            using (Application application = Application.Load(manifest))
            using (var trigger = new CustomTrigger("timer", new TimerTrigger(echo, ticks),
                                                   application,
                                                   new TriggerOptions { HandleSignals = true }))
                trigger.Run();
            return 0;
        } catch (SpinException error) {
            Console.Error.WriteLine("Error: " + error.Message);
            return error.ExitCode;
        }
    }
}
