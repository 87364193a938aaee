// Components of the component model, and contexts for them with functions of C#'s.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace Spin.Host
{
    /// <summary>What is imported or exported.</summary>
    public enum ItemKind : uint { Function = 1, Instance, Type, Resource, Module, Component }

    /// <summary>An import or export. One in an instance is named with it:
    /// "wasi:io/poll@0.2.0#poll".</summary>
    public sealed class Item
    {
        public ItemKind Kind { get; internal set; }
        public string Name { get; internal set; }
        /// <summary>Of a function; else null.</summary>
        public Function Function { get; internal set; }
        /// <summary>Of a type; else null.</summary>
        public WitType Type { get; internal set; }
    }

    /// <summary>A component's binary, decoded and valid. Does not change; may be used by several
    /// threads.</summary>
    public sealed class Component
    {
        // Freed with the last item of it: there is nothing to dispose of.
        internal readonly ComponentHandle Handle;

        private Component(ComponentHandle handle) { Handle = handle; }

        private delegate IntPtr ReadFn(IntPtr options, out ComponentHandle handle);
        private delegate bool ItemFn(ComponentHandle component, UIntPtr index,
                                     ref RawComponentItem item);
        private delegate IntPtr TextFn(ComponentHandle component, out Slice text);

        /// <summary>Reads a file. <paramref name="modules"/> are core modules for imports of them,
        /// by name. With <paramref name="definitionOnly"/> it can be looked at, but not run; what
        /// nobody offers may be imported.</summary>
        public static Component Load(string path, IDictionary<string, byte[]> modules = null,
                                     bool definitionOnly = false) =>
            Read(modules, definitionOnly, (IntPtr options, out ComponentHandle handle) =>
                Native.spin_wasm_component_load(Native.Utf8Z(path), options, out handle));

        /// <summary>The same for the bytes of one.</summary>
        public static Component Parse(byte[] bytes, IDictionary<string, byte[]> modules = null,
                                      bool definitionOnly = false)
        {
            using (var arena = new Arena()) {
                Slice slice = arena.Bytes(bytes);
                return Read(modules, definitionOnly, (IntPtr options, out ComponentHandle handle) =>
                    Native.spin_wasm_component_parse(slice, options, out handle));
            }
        }

        private static Component Read(IDictionary<string, byte[]> modules, bool definitionOnly,
                                      ReadFn read)
        {
            Application.LibraryInUse = true;
            using (var arena = new Arena()) {
                int size = Marshal.SizeOf(typeof(RawComponentModule)), count = 0;
                IntPtr given = arena.Alloc((modules?.Count ?? 0) * size);
                foreach (var module in modules ?? new Dictionary<string, byte[]>()) {
                    var raw = new RawComponentModule {
                        name = arena.Text(module.Key), bytes = arena.Bytes(module.Value),
                    };
                    Marshal.StructureToPtr(raw, given + count++ * size, false);
                }
                IntPtr options = arena.Struct(new RawComponentOptions {
                    size = Native.SizeOf<RawComponentOptions>(),
                    modules = given,
                    modules_len = (UIntPtr)(uint)count,
                    definition_only = Native.Bool(definitionOnly),
                });
                SpinException.Check(read(options, out ComponentHandle handle));
                return new Component(handle);
            }
        }

        /// <summary>All imports, those in instances after their instance.</summary>
        public IReadOnlyList<Item> Imports => Items(Native.spin_wasm_component_import);

        /// <summary>All exports, those in instances after their instance.</summary>
        public IReadOnlyList<Item> Exports => Items(Native.spin_wasm_component_export);

        private List<Item> Items(ItemFn read)
        {
            var items = new List<Item>();
            var raw = new RawComponentItem { size = Native.SizeOf<RawComponentItem>() };
            for (uint i = 0; read(Handle, (UIntPtr)i, ref raw); i++)
                items.Add(new Item {
                    Kind = (ItemKind)raw.kind,
                    Name = raw.name.ToString(),
                    Function = raw.function == IntPtr.Zero ? null
                                                           : new Function(Handle, raw.function),
                    Type = raw.type == IntPtr.Zero ? null : new WitType(Handle, raw.type),
                });
            return items;
        }

        /// <summary>Its world as WIT.</summary>
        public string Wit() => Text(Native.spin_wasm_component_wit);

        /// <summary>Its definitions as text, core modules in outline.</summary>
        public string Print() => Text(Native.spin_wasm_component_print);

        private string Text(TextFn write)
        {
            SpinException.Check(write(Handle, out Slice text));
            string copy = text.ToString();
            Native.spin_string_clear(ref text);
            return copy;
        }

        /// <summary>The bytes of a core module that it exports.</summary>
        public byte[] Module(string name)
        {
            using (var arena = new Arena()) {
                SpinException.Check(
                    Native.spin_wasm_component_module(Handle, arena.Text(name), out Slice bytes));
                byte[] copy = Native.Bytes(bytes.ptr, bytes.len);
                GC.KeepAlive(Handle);
                return copy;
            }
        }
    }

    /// <summary>What the guests of a context may call, kept for C.</summary>
    internal sealed class Host : IDisposable
    {
        private sealed class HostFunction
        {
            public Func<object[], object> Run;
        }

        private sealed class HostResource
        {
            public Host Host;
            public Action<ulong> Drop;
        }

        // Static delegates, which are never collected.
        public static readonly HostFunctionFn Function = Answer;
        public static readonly HostDropFn Dropped = LetGo;

        private readonly List<GCHandle> kept = new List<GCHandle>();
        private Exception failure;

        public IntPtr Keep(Func<object[], object> run) => Keep((object)new HostFunction { Run = run });

        public IntPtr Keep(Action<ulong> drop) =>
            Keep((object)new HostResource { Host = this, Drop = drop });

        private IntPtr Keep(object definition)
        {
            GCHandle handle = GCHandle.Alloc(definition);
            kept.Add(handle);
            return GCHandle.ToIntPtr(handle);
        }

        public Exception TakeFailure() => Interlocked.Exchange(ref failure, null);

        public void Dispose()
        {
            kept.ForEach(handle => handle.Free());
            kept.Clear();
        }

        private static IntPtr Answer(IntPtr call, IntPtr function, IntPtr args, UIntPtr len,
                                     IntPtr result, IntPtr user)
        {
            try {
                var host = (HostFunction)GCHandle.FromIntPtr(user).Target;
                var type = new Function(null, function);
                var values = new object[type.Parameters.Count];
                for (int i = 0; i < values.Length; i++)
                    values[i] = Values.LiftAt(args + i * Values.Size, type.Parameters[i].Type);
                object answer = host.Run(values);
                if (type.Result == null && answer != null)
                    throw new ValueException($"{type.Name} returns nothing");
                if (type.Result != null)
                    Values.Write(result, 0, Values.Lower(new Arena(call), type.Result, answer));
                return IntPtr.Zero;
            } catch (ValueException wrong) {
                return new SpinException(ErrorKind.Invalid, wrong.Message).ToNative();
            } catch (Exception exception) {
                return SpinException.From("a function of the host", exception).ToNative();
            }
        }

        private static void LetGo(IntPtr instance, ulong number, IntPtr user)
        {
            var resource = (HostResource)GCHandle.FromIntPtr(user).Target;
            try {
                resource.Drop(number);
            } catch (Exception exception) {
                resource.Host.failure = exception;
            }
        }
    }

    /// <summary>Begins a context: for an application, or for nothing but the components that are
    /// added.</summary>
    public sealed class ContextBuilder : IDisposable
    {
        private readonly Arena kept = new Arena();
        private readonly Host host = new Host();
        private IntPtr raw;

        public ContextBuilder(Application application = null, EngineOptions options = null)
        {
            Application.LibraryInUse = true;
            try {
                IntPtr given = EngineOptions.ToNative(options, kept);
                SpinException.Check(
                    application == null
                        ? Native.spin_engine_builder_new(IntPtr.Zero, given, out raw)
                        : Native.spin_engine_builder_new(application.Handle, given, out raw));
            } catch {
                kept.Dispose();
                throw;
            }
            // No managed code runs on the stacks of guests.
            Native.spin_component_define_on_loop(raw);
        }

        private IntPtr Raw =>
            raw != IntPtr.Zero ? raw : throw new ObjectDisposedException(nameof(ContextBuilder));

        /// <summary>Adds a component, to be prepared by that name.</summary>
        public void AddComponent(string name, Component component)
        {
            using (var arena = new Arena())
                SpinException.Check(Native.spin_engine_builder_add_component(
                    Raw, arena.Text(name), component.Handle));
        }

        /// <summary>Offers a function to guests as <paramref name="name"/> of
        /// <paramref name="iface"/> ("ns:pkg/iface@1.0.0"; "": the component's own import). It is
        /// given the arguments and returns the result, null where there is none. What it throws
        /// traps the guest.</summary>
        public void DefineFunction(string iface, string name, Func<object[], object> function)
        {
            if (function == null)
                throw new ArgumentNullException(nameof(function));
            using (var arena = new Arena())
                SpinException.Check(Native.spin_component_define_function(
                    Raw, arena.Text(iface), arena.Text(name), Host.Function, host.Keep(function)));
        }

        /// <summary>Offers a resource. Its handles are numbers that the functions choose;
        /// <paramref name="drop"/> is called when a guest has dropped its last one, or has
        /// ended.</summary>
        public void DefineResource(string iface, string name, Action<ulong> drop = null)
        {
            using (var arena = new Arena())
                SpinException.Check(Native.spin_component_define_resource(
                    Raw, arena.Text(iface), arena.Text(name), IntPtr.Zero,
                    drop == null ? null : Host.Dropped,
                    drop == null ? IntPtr.Zero : host.Keep(drop)));
        }

        /// <summary>Compiles (or takes from the cache) all components; an error names the one that
        /// fails. The builder is of no use after that.</summary>
        public Context Build() => new Context(BuildHandle());

        internal ContextHandle BuildHandle()
        {
            IntPtr builder = Raw;
            raw = IntPtr.Zero;
            try {
                // Takes the builder in every case.
                SpinException.Check(Native.spin_engine_builder_build(builder, out IntPtr context));
                return new ContextHandle(context, kept, host);
            } catch {
                kept.Dispose();
                host.Dispose();
                throw;
            }
        }

        /// <summary>For one that is not built.</summary>
        public void Dispose()
        {
            IntPtr builder = Interlocked.Exchange(ref raw, IntPtr.Zero);
            if (builder == IntPtr.Zero)
                return;
            Native.spin_engine_builder_free(builder);
            kept.Dispose();
            host.Dispose();
        }
    }
}
