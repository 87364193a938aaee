using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Spin.Host
{
    /// <summary>How to serve; 0 and null are the library's defaults.</summary>
    public sealed class HttpOptions
    {
        /// <summary>"host:port"; port 0 takes a free one. "127.0.0.1:3000".</summary>
        public string Listen { get; set; }
        /// <summary>Where the components' output goes.</summary>
        public string LogDirectory { get; set; }
        /// <summary>Ids of components whose output is copied to the process's own.</summary>
        public IList<string> Follow { get; set; }
        /// <summary>Copies nothing.</summary>
        public bool Quiet { get; set; }
        /// <summary>As in TriggerOptions.</summary>
        public bool HandleSignals { get; set; }
        public ulong MaxBodyBytes { get; set; }
        public ulong MaxConnections { get; set; }
        public TimeSpan? RequestTimeout { get; set; }
        public TimeSpan? ShutdownTimeout { get; set; }
        public EngineOptions Engine { get; set; }
    }

    /// <summary>The HTTP trigger: listens once it is made, and serves while it runs.</summary>
    public sealed class HttpServer : RunnableTrigger
    {
        /// <summary>Opens the listening socket; connections wait until it runs.</summary>
        public HttpServer(Application application, HttpOptions options = null)
        {
            options = options ?? new HttpOptions();
            var kept = new Arena();
            try {
                IntPtr raw = kept.Struct(new RawHttpOptions {
                    size = Native.SizeOf<RawHttpOptions>(),
                    listen = kept.CString(options.Listen),
                    log_dir = kept.CString(options.LogDirectory),
                    follow = kept.CStrings(options.Follow),
                    follow_len = (UIntPtr)(uint)(options.Follow?.Count ?? 0),
                    quiet = Native.Bool(options.Quiet),
                    ignore_signals = Native.Bool(!options.HandleSignals),
                    max_body_bytes = (UIntPtr)options.MaxBodyBytes,
                    max_connections = (UIntPtr)options.MaxConnections,
                    request_timeout_ms = Native.Milliseconds(options.RequestTimeout),
                    shutdown_timeout_ms = Native.Milliseconds(options.ShutdownTimeout),
                    engine = EngineOptions.ToNative(options.Engine, kept),
                });
                SpinException.Check(
                    Native.spin_http_trigger_new(application.Handle, raw, out IntPtr made));
                Handle = new TriggerHandle(made, kept, default(GCHandle));
            } catch {
                kept.Dispose();
                throw;
            }
        }

        /// <summary>"host:port" that it listens on, with the port that was taken.</summary>
        public string Address => Native.CText(Native.spin_http_trigger_address(Handle));
    }
}
