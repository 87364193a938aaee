using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace Spin.Host
{
    /// <summary>From rare and grave to frequent and detailed.</summary>
    public enum LogLevel { Error, Warn, Info, Debug, Trace }

    /// <summary>The log of libspin, which is silent until somebody asks for it.</summary>
    public static class Log
    {
        private const int InterruptedCall = 4; // EINTR
        private static int configured;

        /// <summary>Hands every record up to <paramref name="level"/> to <paramref name="sink"/>,
        /// on a thread of its own: libspin may log while a guest runs, on a stack that is not a
        /// thread's, where no managed code can run. So records come through a pipe. Once in a
        /// process, before all else of libspin. What the sink throws is dropped.</summary>
        public static void Configure(LogLevel level, Action<LogLevel, string> sink)
        {
            if (sink == null)
                throw new ArgumentNullException(nameof(sink));
            if (Application.LibraryInUse || Interlocked.Exchange(ref configured, 1) != 0)
                throw new SpinException(ErrorKind.Usage, "the log is set once, before all else");
            var ends = new int[2];
            if (Native.pipe(ends) != 0)
                throw new SpinException(ErrorKind.IO, "pipe: errno " + Marshal.GetLastWin32Error());
            IntPtr fd = Marshal.AllocHGlobal(sizeof(int)); // as long as the process
            Marshal.WriteInt32(fd, ends[1]);
            Native.spin_log_configure(Native.Symbol("spin_log_sink_fd"), fd, (uint)level, 0);
            new Thread(() => Read(ends[0], sink)) {
                IsBackground = true,
                Name = "spin log",
            }.Start();
        }

        private static void Read(int fd, Action<LogLevel, string> sink)
        {
            var buffer = new byte[4096];
            var record = new List<byte>();
            for (;;) {
                // By hand: mono's FileStream takes only descriptors that it has opened itself.
                long len = (long)Native.read(fd, buffer, (UIntPtr)(uint)buffer.Length);
                for (int i = 0; i < len; i++) {
                    if (buffer[i] != '\n') {
                        record.Add(buffer[i]);
                        continue;
                    }
                    Tell(Encoding.UTF8.GetString(record.ToArray()), sink);
                    record.Clear();
                }
                if (len == 0 || (len < 0 && Marshal.GetLastWin32Error() != InterruptedCall))
                    return;
            }
        }

        private static void Tell(string record, Action<LogLevel, string> sink)
        {
            // 2026-11-21T06:27:00.123Z WARN  message
            string[] words = record.Split(new[] { ' ' }, 3);
            if (words.Length < 2 || !Enum.TryParse(words[1], true, out LogLevel level))
                level = LogLevel.Info;
            try {
                sink(level, record);
            } catch (Exception) {
                // The library can't be told.
            }
        }
    }
}
