// The C interface of libspin as include/spin declares it. The structs keep the names of C, and
// tests/Layout.cs compares them with the headers. For 64-bit systems.
using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Spin.Host
{
    /// <summary>The name of a mirrored struct in C.</summary>
    [AttributeUsage(AttributeTargets.Struct)]
    internal sealed class CNameAttribute : Attribute
    {
        public readonly string Name;
        public CNameAttribute(string name) { Name = name; }
    }

    [CName("spin_slice_t"), StructLayout(LayoutKind.Sequential)]
    internal struct Slice
    {
        public IntPtr ptr;
        public UIntPtr len;

        public override string ToString() => Native.Text(ptr, len);
    }

    [CName("spin_position_t"), StructLayout(LayoutKind.Sequential)]
    internal struct Position
    {
        public uint line;
        public uint column;
        public ulong offset;
        public byte has_offset;
    }

    /// <summary>spin_value_t: a kind and a union.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    internal struct RawValue
    {
        [FieldOffset(0)] public uint kind;
        [FieldOffset(8)] public byte boolean;
        [FieldOffset(8)] public long integer;
        [FieldOffset(8)] public ulong natural;
        [FieldOffset(8)] public float f32;
        [FieldOffset(8)] public double f64;
        [FieldOffset(8)] public IntPtr items; // of text, list and flags
        [FieldOffset(16)] public UIntPtr len;
        [FieldOffset(8)] public uint index; // of a variant
        [FieldOffset(16)] public IntPtr payload;
    }

    [CName("spin_engine_options_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawEngineOptions
    {
        public UIntPtr size;
        public IntPtr loop;
        public uint max_instances;
        public ulong max_memory_bytes;
        public ulong timeout_ms;
        public IntPtr cache_dir;
        public byte disable_cache;
        public IntPtr environment;
        public UIntPtr environment_len;
        public IntPtr variables;
        public UIntPtr variables_len;
        public IntPtr engine;
    }

    [CName("spin_trigger_type_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawTriggerType
    {
        public UIntPtr size;
        public IntPtr name;
        public IntPtr open;
        public IntPtr close;
        public IntPtr configure;
        public IntPtr start;
        public IntPtr stop;
        public IntPtr drain;
        public IntPtr end;
        public IntPtr withdraw;
    }

    [CName("spin_trigger_options_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawTriggerOptions
    {
        public UIntPtr size;
        public uint workers;
        public byte ignore_signals;
        public ulong shutdown_timeout_ms;
        public IntPtr engine;
        public IntPtr configure;
        public IntPtr ready;
        public IntPtr user;
    }

    [CName("spin_http_options_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawHttpOptions
    {
        public UIntPtr size;
        public IntPtr listen;
        public uint workers;
        public IntPtr log_dir;
        public IntPtr follow;
        public UIntPtr follow_len;
        public byte follow_all;
        public byte quiet;
        public byte ignore_signals;
        public UIntPtr max_header_bytes;
        public UIntPtr max_headers;
        public UIntPtr max_body_bytes;
        public UIntPtr max_connections;
        public ulong request_timeout_ms;
        public ulong idle_timeout_ms;
        public ulong write_timeout_ms;
        public ulong shutdown_timeout_ms;
        public IntPtr engine;
        public IntPtr configure;
        public IntPtr ready;
        public IntPtr user;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate IntPtr OpenFn(IntPtr trigger, IntPtr user, IntPtr state);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate IntPtr StartFn(IntPtr worker, IntPtr state);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void WorkerFn(IntPtr worker, IntPtr user);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void CalledFn(IntPtr worker, IntPtr error, IntPtr result, IntPtr user);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate IntPtr HostFunctionFn(IntPtr call, IntPtr function, IntPtr args, UIntPtr len,
                                            IntPtr result, IntPtr user);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    internal delegate void HostDropFn(IntPtr instance, ulong number, IntPtr user);

    [CName("spin_component_module_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawComponentModule
    {
        public Slice name;
        public Slice bytes;
    }

    [CName("spin_wasm_component_options_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawComponentOptions
    {
        public UIntPtr size;
        public IntPtr modules;
        public UIntPtr modules_len;
        public byte definition_only;
    }

    [CName("spin_component_item_t"), StructLayout(LayoutKind.Sequential)]
    internal struct RawComponentItem
    {
        public UIntPtr size;
        public uint kind;
        public Slice name;
        public IntPtr function;
        public IntPtr type;
    }

    // Freed exactly once, also where nobody disposes of them. Those that any thread may free.

    internal sealed class ApplicationHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private ApplicationHandle() : base(true) { }
        public ApplicationHandle(IntPtr raw) : base(true) { SetHandle(raw); }
        protected override bool ReleaseHandle()
        {
            Native.spin_application_unref(handle);
            return true;
        }
    }

    internal sealed class WitHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private WitHandle() : base(true) { }
        protected override bool ReleaseHandle() { Native.spin_wit_free(handle); return true; }
    }

    internal sealed class ComponentHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private ComponentHandle() : base(true) { }
        protected override bool ReleaseHandle()
        {
            Native.spin_wasm_component_unref(handle);
            return true;
        }
    }

    /// <summary>A trigger, with what C was told to keep as long as there is one. Calls that are
    /// under way, a run among them, hold it: it is freed after them.</summary>
    internal sealed class TriggerHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        private readonly Arena kept;
        private GCHandle state;

        public TriggerHandle(IntPtr raw, Arena kept, GCHandle state) : base(true)
        {
            this.kept = kept;
            this.state = state;
            SetHandle(raw);
        }

        protected override bool ReleaseHandle()
        {
            Native.spin_trigger_free(handle);
            kept.Dispose();
            if (state.IsAllocated)
                state.Free();
            return true;
        }
    }

    /// <summary>Memory outside of the garbage collector's reach, given back all at once.</summary>
    internal sealed class Arena : IDisposable
    {
        private readonly List<IntPtr> blocks = new List<IntPtr>();
        private readonly IntPtr call;

        public Arena() { }

        /// <summary>Of a guest's call of a host function, with which all of it goes.</summary>
        public Arena(IntPtr call) { this.call = call; }

        public IntPtr Alloc(int size)
        {
            if (call != IntPtr.Zero) {
                IntPtr room = Native.spin_host_call_alloc(call, (UIntPtr)(uint)Math.Max(size, 1));
                return room != IntPtr.Zero ? room : throw new OutOfMemoryException();
            }
            IntPtr block = Marshal.AllocHGlobal(Math.Max(size, 1));
            blocks.Add(block);
            return block;
        }

        public IntPtr Struct<T>(T value) where T : struct
        {
            IntPtr at = Alloc(Marshal.SizeOf(typeof(T)));
            Marshal.StructureToPtr(value, at, false);
            return at;
        }

        public Slice Bytes(byte[] bytes)
        {
            IntPtr at = Alloc(bytes.Length);
            Marshal.Copy(bytes, 0, at, bytes.Length);
            return new Slice { ptr = at, len = (UIntPtr)(uint)bytes.Length };
        }

        public Slice Text(string text) => Bytes(Native.Utf8(text));

        /// <summary>NUL-terminated; null stays NULL.</summary>
        public IntPtr CString(string text) => text == null ? IntPtr.Zero : Bytes(Native.Utf8Z(text)).ptr;

        public IntPtr CStrings(IList<string> texts)
        {
            if (texts == null || texts.Count == 0)
                return IntPtr.Zero;
            IntPtr at = Alloc(texts.Count * IntPtr.Size);
            for (int i = 0; i < texts.Count; i++)
                Marshal.WriteIntPtr(at, i * IntPtr.Size, CString(texts[i]));
            return at;
        }

        public void Dispose()
        {
            foreach (IntPtr block in blocks)
                Marshal.FreeHGlobal(block);
            blocks.Clear();
        }
    }

    internal static class Native
    {
        // The name that the library has for the loader, so that no development files are needed.
        private const string Library = "libspin.so.0";
        private static readonly UTF8Encoding strict = new UTF8Encoding(false, true);

        public static byte[] Utf8(string text)
        {
            try {
                return strict.GetBytes(text);
            } catch (EncoderFallbackException) {
                throw new ArgumentException("a text with half of a surrogate pair");
            }
        }

        public static byte[] Utf8Z(string text)
        {
            if (text.IndexOf('\0') >= 0)
                throw new ArgumentException("a text with a NUL in it");
            return Utf8(text + "\0");
        }

        public static string Text(IntPtr at, UIntPtr len) => Encoding.UTF8.GetString(Bytes(at, len));

        public static byte[] Bytes(IntPtr at, UIntPtr len)
        {
            var bytes = new byte[checked((int)len.ToUInt64())];
            if (bytes.Length > 0)
                Marshal.Copy(at, bytes, 0, bytes.Length);
            return bytes;
        }

        /// <summary>A string of C's that stays C's; NULL gives null.</summary>
        public static string CText(IntPtr at)
        {
            if (at == IntPtr.Zero)
                return null;
            int len = 0;
            while (Marshal.ReadByte(at, len) != 0)
                len++;
            return Text(at, (UIntPtr)(uint)len);
        }

        /// <summary>A string that is ours to free.</summary>
        public static string TakeString(IntPtr at)
        {
            string text = CText(at);
            spin_string_free(at);
            return text;
        }

        public static UIntPtr SizeOf<T>() => (UIntPtr)(uint)Marshal.SizeOf(typeof(T));

        public static byte Bool(bool value) => value ? (byte)1 : (byte)0;

        /// <summary>Zero is the default; a fraction of a millisecond is not nothing.</summary>
        public static ulong Milliseconds(TimeSpan? time)
        {
            if (time < TimeSpan.Zero)
                throw new ArgumentOutOfRangeException(nameof(time), time, "less than no time");
            return time == null ? 0 : (ulong)Math.Ceiling(time.Value.TotalMilliseconds);
        }

        [DllImport(Library)] public static extern IntPtr spin_version();
        [DllImport(Library)] public static extern IntPtr spin_engine_version();
        [DllImport(Library)] public static extern void spin_string_clear(ref Slice text);
        [DllImport(Library)] public static extern void spin_string_free(IntPtr text);

        // Variadic in C; called without further arguments.
        [DllImport(Library)] public static extern IntPtr spin_error_new(uint kind, byte[] format);
        [DllImport(Library)] public static extern uint spin_error_kind(IntPtr error);
        [DllImport(Library)] public static extern IntPtr spin_error_kind_name(uint kind);
        [DllImport(Library)] public static extern IntPtr spin_error_message(IntPtr error);
        [DllImport(Library)] public static extern IntPtr spin_error_file(IntPtr error);
        [DllImport(Library)] public static extern Position spin_error_position(IntPtr error);
        [DllImport(Library)] public static extern IntPtr spin_error_cause(IntPtr error);
        [DllImport(Library)]
        public static extern UIntPtr spin_error_format(IntPtr error, byte[] buffer, UIntPtr size);
        [DllImport(Library)] public static extern int spin_error_exit_code(uint kind);
        [DllImport(Library)] public static extern void spin_error_free(IntPtr error);

        [DllImport(Library)]
        public static extern void spin_log_configure(IntPtr sink, IntPtr user, uint level,
                                                     uint format);
        [DllImport(Library)]
        public static extern IntPtr spin_loader_load_file(byte[] path, IntPtr options,
                                                          out ApplicationHandle application);
        [DllImport(Library)]
        public static extern IntPtr spin_loader_load_locked(byte[] path,
                                                            out ApplicationHandle application);
        [DllImport(Library)] public static extern IntPtr spin_application_ref(IntPtr application);
        [DllImport(Library)] public static extern void spin_application_unref(IntPtr application);
        [DllImport(Library)] public static extern Slice spin_application_name(ApplicationHandle a);
        [DllImport(Library)] public static extern Slice spin_application_version(ApplicationHandle a);
        [DllImport(Library)]
        public static extern Slice spin_application_description(ApplicationHandle a);
        [DllImport(Library)] public static extern Slice spin_application_origin(ApplicationHandle a);
        [DllImport(Library)]
        public static extern Slice spin_application_trigger_type(ApplicationHandle a);
        [DllImport(Library)]
        public static extern IntPtr spin_application_trigger_json(ApplicationHandle a, out IntPtr json);
        [DllImport(Library)]
        public static extern IntPtr spin_application_to_json(ApplicationHandle a, out IntPtr json);
        [DllImport(Library)]
        public static extern IntPtr spin_application_to_locked(ApplicationHandle a, out IntPtr json);
        [DllImport(Library)]
        public static extern UIntPtr spin_application_component_count(ApplicationHandle a);
        [DllImport(Library)]
        public static extern IntPtr spin_application_component(ApplicationHandle a, UIntPtr index);
        [DllImport(Library)]
        public static extern IntPtr spin_application_component_by_id(ApplicationHandle a, Slice id);
        [DllImport(Library)] public static extern Slice spin_component_id(IntPtr component);
        [DllImport(Library)]
        public static extern IntPtr spin_component_trigger_json(IntPtr component, out IntPtr json);

        [DllImport(Library)]
        public static extern IntPtr spin_wit_load(byte[] path, IntPtr options, out WitHandle wit);
        [DllImport(Library)]
        public static extern IntPtr spin_wit_parse(Slice text, byte[] file, IntPtr options,
                                                   out WitHandle wit);
        [DllImport(Library)] public static extern void spin_wit_free(IntPtr wit);
        [DllImport(Library)]
        public static extern IntPtr spin_wit_function(WitHandle wit, Slice name, out IntPtr function);
        [DllImport(Library)] public static extern uint spin_type_kind(IntPtr type);
        [DllImport(Library)] public static extern Slice spin_type_text(IntPtr type);
        [DllImport(Library)] public static extern UIntPtr spin_type_count(IntPtr type);
        [DllImport(Library)] public static extern Slice spin_type_name(IntPtr type, UIntPtr index);
        [DllImport(Library)] public static extern IntPtr spin_type_part(IntPtr type, UIntPtr index);
        [DllImport(Library)] public static extern Slice spin_function_name(IntPtr function);
        [DllImport(Library)]
        public static extern UIntPtr spin_function_param_count(IntPtr function);
        [DllImport(Library)]
        public static extern Slice spin_function_param_name(IntPtr function, UIntPtr index);
        [DllImport(Library)]
        public static extern IntPtr spin_function_param_type(IntPtr function, UIntPtr index);
        [DllImport(Library)] public static extern IntPtr spin_function_result_type(IntPtr function);

        [DllImport(Library)] public static extern void spin_value_clear(ref RawValue value);
        [DllImport(Library)] public static extern IntPtr spin_value_check(IntPtr value, IntPtr type);
        [DllImport(Library)]
        public static extern IntPtr spin_value_format(IntPtr value, IntPtr type, out Slice text);
        [DllImport(Library)]
        public static extern IntPtr spin_value_call(IntPtr instance, IntPtr function, IntPtr args,
                                                    UIntPtr len, ref RawValue result);

        [DllImport(Library)]
        public static extern IntPtr spin_engine_builder_new(ApplicationHandle application,
                                                            IntPtr options, out IntPtr builder);
        [DllImport(Library)]
        public static extern IntPtr spin_engine_builder_new(IntPtr application, IntPtr options,
                                                            out IntPtr builder);
        [DllImport(Library)] public static extern void spin_engine_builder_free(IntPtr builder);
        [DllImport(Library)]
        public static extern IntPtr spin_engine_builder_add_component(IntPtr builder, Slice id,
                                                                      ComponentHandle component);
        [DllImport(Library)]
        public static extern IntPtr spin_wasm_component_load(byte[] path, IntPtr options,
                                                             out ComponentHandle component);
        [DllImport(Library)]
        public static extern IntPtr spin_wasm_component_parse(Slice bytes, IntPtr options,
                                                              out ComponentHandle component);
        [DllImport(Library)] public static extern void spin_wasm_component_unref(IntPtr component);
        [DllImport(Library)]
        [return: MarshalAs(UnmanagedType.U1)]
        public static extern bool spin_wasm_component_import(ComponentHandle component, UIntPtr index,
                                                             ref RawComponentItem item);
        [DllImport(Library)]
        [return: MarshalAs(UnmanagedType.U1)]
        public static extern bool spin_wasm_component_export(ComponentHandle component, UIntPtr index,
                                                             ref RawComponentItem item);
        [DllImport(Library)]
        public static extern IntPtr spin_wasm_component_module(ComponentHandle component, Slice name,
                                                               out Slice bytes);
        [DllImport(Library)]
        public static extern IntPtr spin_wasm_component_wit(ComponentHandle component, out Slice text);
        [DllImport(Library)]
        public static extern IntPtr spin_wasm_component_print(ComponentHandle component,
                                                              out Slice text);
        [DllImport(Library)] public static extern void spin_component_define_on_loop(IntPtr builder);
        [DllImport(Library)]
        public static extern IntPtr spin_component_define_function(
            IntPtr builder, Slice iface, Slice name, HostFunctionFn function, IntPtr user);
        [DllImport(Library)]
        public static extern IntPtr spin_component_define_resource(
            IntPtr builder, Slice iface, Slice name, IntPtr identity, HostDropFn drop, IntPtr user);
        [DllImport(Library)]
        public static extern IntPtr spin_component_function(IntPtr instance, Slice name,
                                                            out IntPtr function);
        [DllImport(Library)]
        public static extern IntPtr spin_component_call(IntPtr instance, Slice name, IntPtr args,
                                                        UIntPtr len, ref RawValue result);
        [DllImport(Library)]
        public static extern IntPtr spin_component_drop(IntPtr instance, ulong handle);
        [DllImport(Library)]
        public static extern IntPtr spin_host_call_alloc(IntPtr call, UIntPtr size);

        [DllImport(Library)]
        public static extern IntPtr spin_engine_builder_build(IntPtr builder, out IntPtr context);
        [DllImport(Library)] public static extern void spin_execution_context_free(IntPtr context);
        [DllImport(Library)]
        public static extern IntPtr spin_execution_context_prepare_component(
            IntPtr context, Slice id, IntPtr options, out IntPtr instance);
        [DllImport(Library)] public static extern void spin_instance_free(IntPtr instance);

        [DllImport(Library)]
        public static extern IntPtr spin_trigger_new(IntPtr type, IntPtr user,
                                                     ApplicationHandle application, IntPtr options,
                                                     out IntPtr trigger);
        [DllImport(Library)] public static extern IntPtr spin_trigger_run(TriggerHandle trigger);
        [DllImport(Library)] public static extern void spin_trigger_stop(TriggerHandle trigger);
        [DllImport(Library, EntryPoint = "spin_trigger_stop")]
        public static extern void spin_trigger_stop_raw(IntPtr trigger);
        [DllImport(Library)] public static extern void spin_trigger_free(IntPtr trigger);
        [DllImport(Library)] public static extern IntPtr spin_trigger_application(IntPtr trigger);
        [DllImport(Library)] public static extern IntPtr spin_trigger_state(IntPtr trigger);
        [DllImport(Library)] public static extern IntPtr spin_trigger_settings(IntPtr trigger);
        [DllImport(Library)]
        public static extern IntPtr spin_trigger_component_settings(IntPtr trigger, IntPtr component);
        [DllImport(Library)]
        public static extern IntPtr spin_settings_text(IntPtr settings, byte[] key, byte required,
                                                       ref Slice text);
        [DllImport(Library)]
        public static extern IntPtr spin_settings_boolean(IntPtr settings, byte[] key, byte required,
                                                          ref byte value);
        [DllImport(Library)]
        public static extern IntPtr spin_settings_integer(IntPtr settings, byte[] key, byte required,
                                                          long min, long max, ref long value);
        [DllImport(Library)]
        public static extern IntPtr spin_settings_duration_ms(IntPtr settings, byte[] key,
                                                              byte required, ref ulong value);
        [DllImport(Library)]
        public static extern IntPtr spin_settings_json(IntPtr settings, byte[] key, out IntPtr json);
        [DllImport(Library)] // variadic, as above
        public static extern IntPtr spin_settings_error(IntPtr settings, byte[] key, byte[] format);

        [DllImport(Library)] public static extern IntPtr spin_worker_trigger(IntPtr worker);
        [DllImport(Library)]
        public static extern IntPtr spin_worker_every(IntPtr worker, ulong interval, WorkerFn fn,
                                                      IntPtr user);
        [DllImport(Library)]
        public static extern IntPtr spin_worker_post(IntPtr worker, WorkerFn fn, IntPtr user);
        [DllImport(Library)]
        public static extern IntPtr spin_worker_call(IntPtr worker, Slice id, IntPtr options,
                                                     IntPtr function, IntPtr args, UIntPtr len,
                                                     CalledFn called, IntPtr user);

        [DllImport(Library)]
        public static extern IntPtr spin_http_trigger_new(ApplicationHandle application,
                                                          IntPtr options, out IntPtr trigger);
        [DllImport(Library)] public static extern IntPtr spin_http_trigger_address(TriggerHandle t);

        [DllImport("libc", SetLastError = true)] public static extern int pipe(int[] ends);
        [DllImport("libc", SetLastError = true)]
        public static extern IntPtr read(int fd, byte[] buffer, UIntPtr size);
        [DllImport("libdl.so.2")] public static extern IntPtr dlopen(string name, int flags);
        [DllImport("libdl.so.2")] public static extern IntPtr dlsym(IntPtr library, string name);
        public static IntPtr Symbol(string name) => dlsym(dlopen(Library, 2), name);
    }
}
