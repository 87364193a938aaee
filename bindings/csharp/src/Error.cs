using System;
using System.Collections.Generic;
using System.Text;

namespace Spin.Host
{
    /// <summary>What went wrong, by kind. The numbers are C's.</summary>
    public enum ErrorKind : uint
    {
        Invalid = 1, Usage, NotFound, Denied, Exists, Unsupported, Limit, Timeout, IO, NoMemory,
        Trap, Exit, Cancelled, Internal,
    }

    /// <summary>One link of an error's chain: what was being done, and where. Lines and columns
    /// count from 1; 0 is unknown.</summary>
    public sealed class ErrorLink
    {
        public string Message { get; internal set; }
        public string File { get; internal set; }
        public int Line { get; internal set; }
        public int Column { get; internal set; }
        public ulong? Offset { get; internal set; }
    }

    /// <summary>An error of libspin. <c>Message</c> is the whole chain, from what was asked for
    /// down to the reason.</summary>
    public sealed class SpinException : Exception
    {
        public ErrorKind Kind { get; }
        /// <summary>The chain, outermost first.</summary>
        public IReadOnlyList<ErrorLink> Links { get; }

        /// <summary>The first link that says where in a source the error is, or null.</summary>
        public ErrorLink Position
        {
            get {
                foreach (ErrorLink link in Links)
                    if (link.Line != 0 || link.Offset != null)
                        return link;
                return null;
            }
        }

        /// <summary>For a callback that fails.</summary>
        public SpinException(ErrorKind kind, string message, Exception inner = null)
            : base(message, inner)
        {
            Kind = kind;
            Links = new[] { new ErrorLink { Message = message } };
        }

        private SpinException(IntPtr error) : base(Format(error))
        {
            Kind = (ErrorKind)Native.spin_error_kind(error);
            Links = Chain(error);
        }

        /// <summary>The exit code of a program that ends by an error of this kind.</summary>
        public int ExitCode => Native.spin_error_exit_code((uint)Kind);

        /// <summary>C's name of a kind, such as "not found".</summary>
        public static string KindName(ErrorKind kind) =>
            Native.CText(Native.spin_error_kind_name((uint)kind));

        /// <summary>Takes what a function of C returned; NULL is success.</summary>
        internal static void Check(IntPtr error)
        {
            if (error != IntPtr.Zero)
                throw Of(error);
        }

        internal static SpinException Of(IntPtr error)
        {
            try {
                return new SpinException(error);
            } finally {
                Native.spin_error_free(error);
            }
        }

        /// <summary>An exception of a callback, as an error for C.</summary>
        internal static SpinException From(string what, Exception exception) =>
            exception as SpinException
            ?? new SpinException(ErrorKind.Internal,
                                 $"{what}: {exception.GetType().Name}: {exception.Message}",
                                 exception);

        /// <summary>An error for C, which frees it.</summary>
        internal IntPtr ToNative() => Native.spin_error_new((uint)Kind, Literal(Message));

        /// <summary>A format of printf's that stands for `text` itself.</summary>
        internal static byte[] Literal(string text) =>
            Encoding.UTF8.GetBytes(text.Replace("\0", "\\0").Replace("%", "%%") + "\0");

        private static string Format(IntPtr error)
        {
            UIntPtr len = Native.spin_error_format(error, null, UIntPtr.Zero);
            var buffer = new byte[len.ToUInt64() + 1];
            Native.spin_error_format(error, buffer, (UIntPtr)(uint)buffer.Length);
            return Encoding.UTF8.GetString(buffer, 0, buffer.Length - 1);
        }

        private static List<ErrorLink> Chain(IntPtr error)
        {
            var links = new List<ErrorLink>();
            for (; error != IntPtr.Zero; error = Native.spin_error_cause(error)) {
                Position at = Native.spin_error_position(error);
                links.Add(new ErrorLink {
                    Message = Native.CText(Native.spin_error_message(error)),
                    File = Native.CText(Native.spin_error_file(error)),
                    Line = (int)at.line,
                    Column = (int)at.column,
                    Offset = at.has_offset != 0 ? at.offset : (ulong?)null,
                });
            }
            return links;
        }
    }
}
