using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace Spin.Host
{
    /// <summary>How guests are run; 0 and null are the library's defaults.</summary>
    public sealed class EngineOptions
    {
        /// <summary>Instances alive at one time. 1000.</summary>
        public uint MaxInstances { get; set; }
        /// <summary>Of one instance. 256 MiB.</summary>
        public ulong MaxMemoryBytes { get; set; }
        /// <summary>Of one call, waiting included. A minute.</summary>
        public TimeSpan? Timeout { get; set; }
        /// <summary>Where compiled modules are kept. ~/.cache/spin.</summary>
        public string CacheDirectory { get; set; }
        /// <summary>Compile at every start.</summary>
        public bool DisableCache { get; set; }
        /// <summary>For every component, in front of its own.</summary>
        public IDictionary<string, string> Environment { get; set; }
        /// <summary>Values of the application's variables; they win over the process's
        /// environment.</summary>
        public IDictionary<string, string> Variables { get; set; }

        /// <summary>"name=value" for each; null stays null.</summary>
        private static List<string> Joined(IDictionary<string, string> pairs) =>
            pairs?.Select(pair => $"{pair.Key}={pair.Value}").ToList();

        /// <summary>As C has them; null gives NULL.</summary>
        internal static IntPtr ToNative(EngineOptions options, Arena arena)
        {
            if (options == null)
                return IntPtr.Zero;
            List<string> environment = Joined(options.Environment);
            List<string> variables = Joined(options.Variables);
            return arena.Struct(new RawEngineOptions {
                size = Native.SizeOf<RawEngineOptions>(),
                max_instances = options.MaxInstances,
                max_memory_bytes = options.MaxMemoryBytes,
                timeout_ms = Native.Milliseconds(options.Timeout),
                cache_dir = arena.CString(options.CacheDirectory),
                disable_cache = Native.Bool(options.DisableCache),
                environment = arena.CStrings(environment),
                environment_len = (UIntPtr)(uint)(environment?.Count ?? 0),
                variables = arena.CStrings(variables),
                variables_len = (UIntPtr)(uint)(variables?.Count ?? 0),
            });
        }
    }

    /// <summary>A context of C's. Its instances hold it, so that it goes after them.</summary>
    internal sealed class ContextHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private readonly Arena kept;
        private readonly Host host;
        private readonly List<IntPtr> orphans = new List<IntPtr>();
        private int busy;

        public ContextHandle(IntPtr raw, Arena kept, Host host) : base(true)
        {
            this.kept = kept;
            this.host = host;
            SetHandle(raw);
        }

        /// <summary>A context is used by one thread at a time, and not from inside itself. The
        /// caller holds it: by an instance, or by DangerousAddRef.</summary>
        public void Enter()
        {
            if (Interlocked.Exchange(ref busy, 1) != 0)
                throw new InvalidOperationException("the context is in use");
            FreeOrphans();
        }

        public void Leave() => Volatile.Write(ref busy, 0);

        /// <summary>What a function of C returned, or else what the drop of a resource threw
        /// meanwhile.</summary>
        public void Check(IntPtr error)
        {
            Exception failure = host.TakeFailure();
            SpinException.Check(error);
            if (failure != null)
                throw SpinException.From("the drop of a resource", failure);
        }

        /// <summary>For an instance that nobody disposed of: the finalizer's thread may not free
        /// it while another uses the context.</summary>
        public void Orphan(IntPtr instance)
        {
            lock (orphans)
                orphans.Add(instance);
        }

        private void FreeOrphans()
        {
            lock (orphans) {
                orphans.ForEach(Native.spin_instance_free);
                orphans.Clear();
            }
        }

        protected override bool ReleaseHandle()
        {
            FreeOrphans();
            Native.spin_execution_context_free(handle);
            kept.Dispose();
            host.Dispose();
            return true;
        }
    }

    /// <summary>An application's components, compiled and ready. One thread at a time may use it
    /// and its instances: another one gets an InvalidOperationException meanwhile.</summary>
    public sealed class Context : IDisposable
    {
        private readonly ContextHandle handle;

        /// <summary>Compiles (or takes from the cache) all components; an error names the one that
        /// fails.</summary>
        public Context(Application application, EngineOptions options = null)
        {
            if (application == null)
                throw new ArgumentNullException(nameof(application));
            using (var builder = new ContextBuilder(application, options))
                handle = builder.BuildHandle();
        }

        internal Context(ContextHandle handle) { this.handle = handle; }

        /// <summary>A fresh instance of a component, for one event.</summary>
        public Instance Prepare(string component)
        {
            bool held = false;
            handle.DangerousAddRef(ref held);
            try {
                handle.Enter();
                try {
                    using (var arena = new Arena()) {
                        handle.Check(Native.spin_execution_context_prepare_component(
                            handle.DangerousGetHandle(), arena.Text(component), IntPtr.Zero,
                            out IntPtr instance));
                        return new Instance(handle, instance);
                    }
                } finally {
                    handle.Leave();
                }
            } finally {
                handle.DangerousRelease();
            }
        }

        /// <summary>It goes when its last instance does.</summary>
        public void Dispose() => handle.Dispose();
    }

    /// <summary>An instance of a component.</summary>
    public sealed class Instance : IDisposable
    {
        private readonly ContextHandle context;
        private IntPtr raw;

        internal Instance(ContextHandle context, IntPtr raw)
        {
            bool held = false;
            context.DangerousAddRef(ref held);
            this.context = context;
            this.raw = raw;
        }

        /// <summary>Calls an export and waits for its end; null where it returns nothing.</summary>
        public object Call(Function function, params object[] args)
        {
            return Call(args, () => function,
                        (IntPtr lowered, UIntPtr len, ref RawValue result) =>
                            Native.spin_value_call(raw, function.Raw, lowered, len, ref result));
        }

        /// <summary>The same for an export of a component of the component model: "greet", or
        /// "ns:pkg/iface@1.0.0#greet".</summary>
        public object CallExport(string name, params object[] args)
        {
            using (var names = new Arena()) {
                Slice slice = names.Text(name);
                return Call(args, () => {
                    SpinException.Check(
                        Native.spin_component_function(raw, slice, out IntPtr function));
                    return new Function(this, function);
                }, (IntPtr lowered, UIntPtr len, ref RawValue result) =>
                    Native.spin_component_call(raw, slice, lowered, len, ref result));
            }
        }

        /// <summary>Gives up a handle of a resource that the component implements: its destructor
        /// runs.</summary>
        public void Drop(Handle handle)
        {
            context.Enter();
            try {
                if (raw == IntPtr.Zero)
                    throw new ObjectDisposedException(nameof(Instance));
                context.Check(Native.spin_component_drop(raw, handle.Index));
            } finally {
                context.Leave();
                GC.KeepAlive(this);
            }
        }

        private delegate IntPtr CallFn(IntPtr lowered, UIntPtr len, ref RawValue result);

        private object Call(object[] args, Func<Function> find, CallFn call)
        {
            // A lone null is one argument, not no array.
            using (var arena = new Arena()) {
                args = args ?? new object[] { null };
                context.Enter();
                try {
                    if (raw == IntPtr.Zero)
                        throw new ObjectDisposedException(nameof(Instance));
                    Function function = find();
                    IntPtr lowered = function.Lower(arena, args);
                    var result = new RawValue();
                    context.Check(call(lowered, (UIntPtr)(uint)args.Length, ref result));
                    try {
                        return function.Result == null ? null : Values.Lift(result, function.Result);
                    } finally {
                        Native.spin_value_clear(ref result);
                        GC.KeepAlive(function);
                    }
                } finally {
                    context.Leave();
                    GC.KeepAlive(this);
                }
            }
        }

        public void Dispose()
        {
            if (raw == IntPtr.Zero)
                return;
            context.Enter();
            IntPtr instance = Interlocked.Exchange(ref raw, IntPtr.Zero);
            if (instance != IntPtr.Zero)
                Native.spin_instance_free(instance);
            context.Leave();
            if (instance != IntPtr.Zero)
                context.DangerousRelease();
            GC.SuppressFinalize(this);
        }

        ~Instance()
        {
            if (context == null || raw == IntPtr.Zero)
                return;
            context.Orphan(raw);
            context.DangerousRelease();
        }
    }
}
