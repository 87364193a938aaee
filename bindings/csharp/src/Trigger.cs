using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Spin.Host
{
    /// <summary>A trigger type. Its methods, and all callbacks that it hands out, are called on the
    /// thread that runs the trigger. What they throw ends the run, which throws it on: as it is
    /// where it is a SpinException, else inside of one.</summary>
    public interface ITrigger
    {
        /// <summary>Reads the settings. Those that nothing asked for are an error
        /// afterwards.</summary>
        void Open(Opening opening);
        /// <summary>The components are ready: opens the sources of events.</summary>
        void Start(Worker worker);
        /// <summary>No new events from now on; calls that are under way go on.</summary>
        void Stop(Worker worker);
    }

    public sealed class TriggerOptions
    {
        /// <summary>While it runs, SIGINT and SIGTERM stop it (and SIGHUP and SIGPIPE are ignored),
        /// for the whole process.</summary>
        public bool HandleSignals { get; set; }
        /// <summary>For what is under way when it is stopped. 30 s.</summary>
        public TimeSpan? ShutdownTimeout { get; set; }
        public EngineOptions Engine { get; set; }
    }

    /// <summary>What all triggers have.</summary>
    public abstract class RunnableTrigger : IDisposable
    {
        internal TriggerHandle Handle;

        /// <summary>Runs until it is stopped, or fails. Once.</summary>
        public virtual void Run() => SpinException.Check(Native.spin_trigger_run(Handle));

        /// <summary>Ends a run: what is under way is finished first; a second call gives it up.
        /// From any thread, before, during and after the run.</summary>
        public void Stop()
        {
            try {
                Native.spin_trigger_stop(Handle);
            } catch (ObjectDisposedException) {
                // It is gone already.
            }
        }

        /// <summary>Runs on a thread of its own; the task has the run's error.</summary>
        public System.Threading.Tasks.Task RunAsync() =>
            System.Threading.Tasks.Task.Factory.StartNew(
                Run, CancellationToken.None,
                System.Threading.Tasks.TaskCreationOptions.LongRunning,
                System.Threading.Tasks.TaskScheduler.Default);

        /// <summary>Stops it. Where it runs, what it holds goes at the end of the run.</summary>
        public void Dispose()
        {
            if (Handle == null)
                return;
            Stop();
            Handle.Dispose();
        }
    }

    /// <summary>A trigger of a type of one's own, made for an application.</summary>
    public sealed class CustomTrigger : RunnableTrigger
    {
        private readonly Core core;

        /// <summary>Opens <paramref name="trigger"/> for <paramref name="application"/>, whose
        /// manifest must say `type = NAME`.</summary>
        public CustomTrigger(string name, ITrigger trigger, Application application,
                             TriggerOptions options = null)
        {
            options = options ?? new TriggerOptions();
            core = new Core(trigger);
            GCHandle state = GCHandle.Alloc(core);
            var kept = new Arena();
            try {
                IntPtr type = kept.Struct(Callbacks.Type(kept.CString(name)));
                IntPtr raw = kept.Struct(new RawTriggerOptions {
                    size = Native.SizeOf<RawTriggerOptions>(),
                    ignore_signals = Native.Bool(!options.HandleSignals),
                    shutdown_timeout_ms = Native.Milliseconds(options.ShutdownTimeout),
                    engine = EngineOptions.ToNative(options.Engine, kept),
                });
                SpinException.Check(Native.spin_trigger_new(type, GCHandle.ToIntPtr(state),
                                                            application.Handle, raw,
                                                            out IntPtr made));
                Handle = new TriggerHandle(made, kept, state);
            } catch (Exception) {
                kept.Dispose();
                state.Free();
                core.ThrowFailure();
                throw;
            }
        }

        /// <summary>The same by two functions.</summary>
        public CustomTrigger(string name, Action<Opening> open, Action<Worker> start,
                             Application application, TriggerOptions options = null)
            : this(name, new Functions(open, start), application, options) { }

        public override void Run()
        {
            try {
                base.Run();
            } finally {
                core.ThrowFailure();
            }
        }

        /// <summary>Hands work to the thread that runs it, from any. Throws where it does not run;
        /// what was not done when it ends is dropped.</summary>
        public void Post(Action<Worker> work) => core.Post(work);

        private sealed class Functions : ITrigger
        {
            private readonly Action<Opening> open;
            private readonly Action<Worker> start;
            public Functions(Action<Opening> open, Action<Worker> start)
            {
                this.open = open;
                this.start = start ?? throw new ArgumentNullException(nameof(start));
            }
            public void Open(Opening opening) => open?.Invoke(opening);
            public void Start(Worker worker) => start(worker);
            public void Stop(Worker worker) { }
        }
    }

    /// <summary>What the callbacks find behind C's `state`.</summary>
    internal sealed class Core
    {
        public readonly ITrigger Trigger;
        /// <summary>By number, so that C never holds more than a number: ticks, calls that are under
        /// way and posted work.</summary>
        private readonly Dictionary<long, object> callbacks = new Dictionary<long, object>();
        private long last;
        private SpinException failure;
        private Worker worker;

        public Core(ITrigger trigger)
        {
            Trigger = trigger ?? throw new ArgumentNullException(nameof(trigger));
        }

        public Worker Begin(IntPtr raw) => worker = new Worker(this, raw);

        public Worker Worker => worker;

        public void End()
        {
            lock (callbacks) {
                worker?.End();
                callbacks.Clear();
            }
        }

        /// <summary>Calls C with a number for <paramref name="callback"/>, which is forgotten where
        /// C refuses. Not locked meanwhile: a call's end may come from inside.</summary>
        public void Hand(object callback, Func<IntPtr, IntPtr> toC)
        {
            long number;
            lock (callbacks)
                callbacks[number = ++last] = callback;
            IntPtr error = toC((IntPtr)number);
            if (error == IntPtr.Zero)
                return;
            lock (callbacks)
                callbacks.Remove(number);
            throw SpinException.Of(error);
        }

        /// <summary>Null: it was dropped.</summary>
        public T Find<T>(IntPtr number, bool take) where T : class
        {
            lock (callbacks) {
                if (!callbacks.TryGetValue((long)number, out object callback))
                    return null;
                if (take)
                    callbacks.Remove((long)number);
                return (T)callback;
            }
        }

        public void Post(Action<Worker> work)
        {
            // Locked, so that the worker does not end meanwhile.
            lock (callbacks) {
                if (worker == null || worker.Ended)
                    throw new SpinException(ErrorKind.Cancelled, "the trigger does not run");
                Hand(work ?? throw new ArgumentNullException(nameof(work)),
                     number => Native.spin_worker_post(worker.Raw, Callbacks.Posted, number));
            }
        }

        /// <summary>Runs a callback. An exception must not unwind through C: the first one is
        /// kept.</summary>
        public bool Guard(string what, Action callback)
        {
            try {
                callback();
                return true;
            } catch (Exception exception) {
                SpinException error = SpinException.From(what, exception);
                Interlocked.CompareExchange(ref failure, error, null);
                return false;
            }
        }

        /// <summary>The same for C's callbacks that return an error.</summary>
        public IntPtr Guarded(string what, Action callback) =>
            Guard(what, callback) ? IntPtr.Zero : failure.ToNative();

        /// <summary>And for those that don't: the run is ended.</summary>
        public void Settled(string what, IntPtr raw, Action callback)
        {
            if (!Guard(what, callback))
                Native.spin_trigger_stop_raw(Native.spin_worker_trigger(raw));
        }

        public void ThrowFailure()
        {
            SpinException error = Interlocked.Exchange(ref failure, null);
            if (error != null)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(error).Throw();
        }
    }

    internal sealed class Call
    {
        public Function Function;
        public Action<Worker, object, SpinException> Done;
    }

    /// <summary>What C calls. Static delegates, which are never collected.</summary>
    internal static class Callbacks
    {
        private static readonly OpenFn open = Open;
        private static readonly StartFn start = Start;
        private static readonly WorkerFn stop = Stop;
        private static readonly WorkerFn end = End;
        public static readonly WorkerFn Tick = OnTick;
        public static readonly WorkerFn Posted = OnPosted;
        public static readonly CalledFn Called = OnCalled;

        public static RawTriggerType Type(IntPtr name) => new RawTriggerType {
            size = Native.SizeOf<RawTriggerType>(),
            name = name,
            open = Marshal.GetFunctionPointerForDelegate(open),
            start = Marshal.GetFunctionPointerForDelegate(start),
            stop = Marshal.GetFunctionPointerForDelegate(stop),
            end = Marshal.GetFunctionPointerForDelegate(end),
        };

        private static Core CoreOf(IntPtr state) => (Core)GCHandle.FromIntPtr(state).Target;

        private static Core CoreOfWorker(IntPtr worker) =>
            CoreOf(Native.spin_trigger_state(Native.spin_worker_trigger(worker)));

        private static IntPtr Open(IntPtr trigger, IntPtr user, IntPtr state)
        {
            Marshal.WriteIntPtr(state, user);
            Core core = CoreOf(user);
            var opening = new Opening(trigger);
            IntPtr error = core.Guarded("open", () => core.Trigger.Open(opening));
            opening.End();
            return error;
        }

        private static IntPtr Start(IntPtr worker, IntPtr state)
        {
            Core core = CoreOf(state);
            return core.Guarded("start", () => core.Trigger.Start(core.Begin(worker)));
        }

        private static void Stop(IntPtr worker, IntPtr state)
        {
            Core core = CoreOf(state);
            core.Settled("stop", worker, () => core.Trigger.Stop(core.Worker));
        }

        private static void End(IntPtr worker, IntPtr state) => CoreOf(state).End();

        private static void OnTick(IntPtr worker, IntPtr number)
        {
            Core core = CoreOfWorker(worker);
            core.Settled("a timer's callback", worker,
                         () => core.Find<Action<Worker>>(number, false)?.Invoke(core.Worker));
        }

        private static void OnPosted(IntPtr worker, IntPtr number)
        {
            Core core = CoreOfWorker(worker);
            core.Settled("posted work", worker,
                         () => core.Find<Action<Worker>>(number, true)?.Invoke(core.Worker));
        }

        private static void OnCalled(IntPtr worker, IntPtr error, IntPtr result, IntPtr number)
        {
            Core core = CoreOfWorker(worker);
            core.Settled("a call's callback", worker, () => {
                SpinException failed = error == IntPtr.Zero ? null : SpinException.Of(error);
                var call = core.Find<Call>(number, true);
                if (call == null)
                    return;
                object value = failed != null || result == IntPtr.Zero
                    ? null : Values.LiftAt(result, call.Function.Result);
                call.Done?.Invoke(core.Worker, value, failed);
            });
        }
    }

    /// <summary>A trigger while it is opened; of no use afterwards.</summary>
    public sealed class Opening
    {
        private IntPtr raw;

        internal Opening(IntPtr trigger) { raw = trigger; }

        internal void End() => raw = IntPtr.Zero;

        internal IntPtr Trigger =>
            raw != IntPtr.Zero ? raw : throw new ObjectDisposedException(nameof(Opening));

        public Application Application =>
            Application.Borrow(Native.spin_trigger_application(Trigger));

        /// <summary>The application's trigger table.</summary>
        public Settings Settings =>
            new Settings(this, Native.spin_trigger_settings(Trigger));

        /// <summary>A component's trigger table.</summary>
        public Settings ComponentSettings(string id)
        {
            using (Application application = Application)
            using (var arena = new Arena()) {
                IntPtr component = Native.spin_application_component_by_id(application.Handle,
                                                                           arena.Text(id));
                if (component == IntPtr.Zero)
                    throw new SpinException(ErrorKind.NotFound, $"component \"{id}\"");
                return new Settings(
                    this, Native.spin_trigger_component_settings(Trigger, component));
            }
        }
    }

    /// <summary>A table of settings, while the trigger is opened. A reader gives null where the
    /// setting is not there; what is of another type or out of range throws, with its place in the
    /// manifest.</summary>
    public sealed class Settings
    {
        private readonly Opening opening;
        private readonly IntPtr settings;

        internal Settings(Opening opening, IntPtr settings)
        {
            this.opening = opening;
            this.settings = settings;
        }

        private IntPtr Raw => opening.Trigger != IntPtr.Zero ? settings : IntPtr.Zero;

        public string Text(string key)
        {
            var text = new Slice();
            bool found = Json(key) != null;
            SpinException.Check(Native.spin_settings_text(Raw, Native.Utf8Z(key), 0, ref text));
            return found ? text.ToString() : null;
        }

        public bool? Boolean(string key)
        {
            byte value = 0;
            bool found = Json(key) != null;
            SpinException.Check(Native.spin_settings_boolean(Raw, Native.Utf8Z(key), 0, ref value));
            return found ? value != 0 : (bool?)null;
        }

        public long? Integer(string key, long min = long.MinValue, long max = long.MaxValue)
        {
            long value = 0;
            bool found = Json(key) != null;
            SpinException.Check(
                Native.spin_settings_integer(Raw, Native.Utf8Z(key), 0, min, max, ref value));
            return found ? value : (long?)null;
        }

        /// <summary>"250ms", "1s", "5m", "2h", or a whole number of seconds.</summary>
        public TimeSpan? Duration(string key)
        {
            ulong value = 0;
            bool found = Json(key) != null;
            SpinException.Check(
                Native.spin_settings_duration_ms(Raw, Native.Utf8Z(key), 0, ref value));
            return found ? TimeSpan.FromMilliseconds(value) : (TimeSpan?)null;
        }

        /// <summary>Any setting, as JSON.</summary>
        public string Json(string key) => Application.Json(
            (out IntPtr json) => Native.spin_settings_json(Raw, Native.Utf8Z(key), out json));

        /// <summary>An error about a setting, at its place, to be thrown.</summary>
        public SpinException Error(string key, string message) => SpinException.Of(
            Native.spin_settings_error(Raw, Native.Utf8Z(key), SpinException.Literal(message)));
    }

    /// <summary>A running trigger. But for Post and Stop it is for the thread that runs it, which is
    /// the one that the callbacks are called on.</summary>
    public sealed class Worker
    {
        private readonly Core core;
        private readonly Thread thread = Thread.CurrentThread;
        internal IntPtr Raw { get; private set; }

        internal Worker(Core core, IntPtr raw) { this.core = core; Raw = raw; }

        internal bool Ended => Raw == IntPtr.Zero;
        internal void End() => Raw = IntPtr.Zero;

        private void Check()
        {
            if (Thread.CurrentThread != thread)
                throw new InvalidOperationException("a worker's functions belong to its thread");
            if (Ended)
                throw new ObjectDisposedException(nameof(Worker));
        }

        public Application Application
        {
            get {
                Check();
                IntPtr trigger = Native.spin_worker_trigger(Raw);
                return Application.Borrow(Native.spin_trigger_application(trigger));
            }
        }

        /// <summary>Calls <paramref name="tick"/> every <paramref name="interval"/>, until the
        /// trigger stops.</summary>
        public void Every(TimeSpan interval, Action<Worker> tick)
        {
            Check();
            core.Hand(tick ?? throw new ArgumentNullException(nameof(tick)),
                      number => Native.spin_worker_every(Raw, Native.Milliseconds(interval),
                                                         Callbacks.Tick, number));
        }

        /// <summary>One event: calls <paramref name="function"/> in a fresh instance of
        /// <paramref name="component"/> and hands <paramref name="done"/> its result or its error,
        /// maybe before this returns. Calls that are under way when the trigger gives up get an
        /// error of kind Cancelled. Where this throws, it is not called.</summary>
        public void Call(string component, Function function, object[] args,
                         Action<Worker, object, SpinException> done)
        {
            Check();
            using (var arena = new Arena()) {
                IntPtr lowered = function.Lower(arena, args);
                Slice id = arena.Text(component);
                core.Hand(new Call { Function = function, Done = done },
                          number => Native.spin_worker_call(Raw, id, IntPtr.Zero, function.Raw,
                                                            lowered, (UIntPtr)(uint)args.Length,
                                                            Callbacks.Called, number));
            }
        }

        /// <summary>Hands work to the worker's thread, from any.</summary>
        public void Post(Action<Worker> work) => core.Post(work);

        /// <summary>Ends the run.</summary>
        public void Stop()
        {
            Check();
            Native.spin_trigger_stop_raw(Native.spin_worker_trigger(Raw));
        }
    }
}
