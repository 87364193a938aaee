using System;
using System.Collections.Generic;

namespace Spin.Host
{
    /// <summary>A loaded application. Does not change; may be used by several threads.</summary>
    public sealed class Application : IDisposable
    {
        internal static volatile bool LibraryInUse;
        internal readonly ApplicationHandle Handle;

        internal delegate IntPtr JsonFn(out IntPtr json);

        private Application(ApplicationHandle handle) { Handle = handle; }

        /// <summary>One more reference to what is borrowed.</summary>
        internal static Application Borrow(IntPtr raw) =>
            new Application(new ApplicationHandle(Native.spin_application_ref(raw)));

        /// <summary>Loads a manifest, or the spin.toml of a folder.</summary>
        public static Application Load(string manifest)
        {
            LibraryInUse = true;
            SpinException.Check(Native.spin_loader_load_file(Native.Utf8Z(manifest), IntPtr.Zero,
                                                             out ApplicationHandle handle));
            return new Application(handle);
        }

        /// <summary>Loads what another process has loaded and handed on: the locked file at
        /// <paramref name="path"/>, or, for a trigger that `spin up` starts, the one that
        /// SPIN_LOCKED_URL names.</summary>
        public static Application LoadLocked(string path = null)
        {
            LibraryInUse = true;
            SpinException.Check(Native.spin_loader_load_locked(
                path == null ? null : Native.Utf8Z(path), out ApplicationHandle handle));
            return new Application(handle);
        }

        /// <summary>A text of C's, which must not go before it was copied.</summary>
        private string Copy(Slice text)
        {
            string copy = text.ToString();
            GC.KeepAlive(this);
            return copy;
        }

        public string Name => Copy(Native.spin_application_name(Handle));
        public string Version => Copy(Native.spin_application_version(Handle));
        public string Description => Copy(Native.spin_application_description(Handle));
        /// <summary>The manifest that it was loaded from.</summary>
        public string Origin => Copy(Native.spin_application_origin(Handle));
        /// <summary>"http", "redis", or the name of a trigger of somebody's own.</summary>
        public string TriggerType => Copy(Native.spin_application_trigger_type(Handle));

        /// <summary>In the manifest's order.</summary>
        public IReadOnlyList<string> ComponentIds
        {
            get {
                var ids = new List<string>();
                uint count = Native.spin_application_component_count(Handle).ToUInt32();
                for (uint i = 0; i < count; i++) {
                    IntPtr component = Native.spin_application_component(Handle, (UIntPtr)i);
                    ids.Add(Copy(Native.spin_component_id(component)));
                }
                return ids;
            }
        }

        /// <summary>The manifest's trigger table, as JSON.</summary>
        public string TriggerJson() =>
            Json((out IntPtr json) => Native.spin_application_trigger_json(Handle, out json));

        /// <summary>A component's trigger table, as JSON; null where there is no such
        /// component.</summary>
        public string ComponentTriggerJson(string id)
        {
            using (var arena = new Arena()) {
                IntPtr component =
                    Native.spin_application_component_by_id(Handle, arena.Text(id));
                string text = component == IntPtr.Zero ? null : Json(
                    (out IntPtr json) => Native.spin_component_trigger_json(component, out json));
                GC.KeepAlive(this);
                return text;
            }
        }

        /// <summary>The whole application under the manifest's names, as JSON.</summary>
        public string ToJson() =>
            Json((out IntPtr json) => Native.spin_application_to_json(Handle, out json));

        /// <summary>The locked form, for LoadLocked in another process.</summary>
        public string ToLocked() =>
            Json((out IntPtr json) => Native.spin_application_to_locked(Handle, out json));

        internal static string Json(JsonFn ask)
        {
            SpinException.Check(ask(out IntPtr json));
            return Native.TakeString(json);
        }

        /// <summary>Gives up this reference; contexts and triggers keep theirs.</summary>
        public void Dispose() => Handle.Dispose();
    }

    public static class Library
    {
        public static string Version => Native.CText(Native.spin_version());
        public static string EngineVersion => Native.CText(Native.spin_engine_version());
    }
}
