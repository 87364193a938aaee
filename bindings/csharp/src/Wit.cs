using System;
using System.Collections.Generic;

namespace Spin.Host
{
    /// <summary>Loaded and resolved WIT. Does not change; may be used by several threads.</summary>
    public sealed class Wit
    {
        // Freed with the last function of it: there is nothing to dispose of.
        private readonly WitHandle handle;

        private Wit(WitHandle handle) { this.handle = handle; }

        /// <summary>Loads a .wit file, or a folder with a package.</summary>
        public static Wit Load(string path)
        {
            Application.LibraryInUse = true;
            SpinException.Check(Native.spin_wit_load(Native.Utf8Z(path), IntPtr.Zero,
                                                     out WitHandle handle));
            return new Wit(handle);
        }

        /// <summary>The same for a text; <paramref name="file"/> names it in errors.</summary>
        public static Wit Parse(string text, string file)
        {
            Application.LibraryInUse = true;
            using (var arena = new Arena()) {
                SpinException.Check(Native.spin_wit_parse(arena.Text(text), Native.Utf8Z(file),
                                                          IntPtr.Zero, out WitHandle handle));
                return new Wit(handle);
            }
        }

        /// <summary>Finds a function by its name, alone or with its interface: "echo",
        /// "wasi:clocks/wall-clock#now".</summary>
        public Function Function(string name)
        {
            using (var arena = new Arena()) {
                SpinException.Check(
                    Native.spin_wit_function(handle, arena.Text(name), out IntPtr function));
                return new Function(handle, function);
            }
        }
    }

    /// <summary>A function that guests export.</summary>
    public sealed class Function
    {
        internal readonly IntPtr Raw;
        internal readonly object Owner; // whose it is, and what it keeps
        private readonly Parameter[] parameters;

        internal Function(object owner, IntPtr raw)
        {
            Owner = owner;
            Raw = raw;
            parameters = new Parameter[Native.spin_function_param_count(raw).ToUInt32()];
            for (uint i = 0; i < parameters.Length; i++) {
                string name = Native.spin_function_param_name(raw, (UIntPtr)i).ToString();
                IntPtr type = Native.spin_function_param_type(raw, (UIntPtr)i);
                parameters[i] = new Parameter(name, new WitType(owner, type));
            }
            IntPtr result = Native.spin_function_result_type(raw);
            Result = result == IntPtr.Zero ? null : new WitType(owner, result);
            Name = Native.spin_function_name(raw).ToString();
        }

        public string Name { get; }
        public IReadOnlyList<Parameter> Parameters => parameters;
        /// <summary>Null: it returns nothing.</summary>
        public WitType Result { get; }

        /// <summary>The arguments of a call, for C.</summary>
        internal IntPtr Lower(Arena arena, object[] args)
        {
            if (args.Length != parameters.Length)
                throw new SpinException(ErrorKind.Invalid,
                    $"{Name}: takes {parameters.Length} arguments, not {args.Length}");
            IntPtr at = Values.Array(arena, args.Length);
            for (int i = 0; i < args.Length; i++) {
                try {
                    Values.Write(at, i, Values.Lower(arena, parameters[i].Type, args[i]));
                } catch (ValueException wrong) {
                    throw new SpinException(ErrorKind.Invalid,
                        $"{Name}: argument {parameters[i].Name}: {wrong.Message}");
                }
            }
            return at;
        }
    }

    public sealed class Parameter
    {
        public string Name { get; }
        public WitType Type { get; }
        internal Parameter(string name, WitType type) { Name = name; Type = type; }
    }

    /// <summary>A type of WIT.</summary>
    public sealed class WitType
    {
        internal readonly IntPtr Raw;
        internal readonly object Owner; // whose it is, and what it keeps
        private string[] names;

        internal WitType(object owner, IntPtr raw) { Owner = owner; Raw = raw; }

        internal TypeKind Kind => (TypeKind)Native.spin_type_kind(Raw);
        internal int Count => (int)Native.spin_type_count(Raw).ToUInt32();

        internal string[] Names
        {
            get {
                if (names == null) {
                    var found = new string[Count];
                    for (int i = 0; i < found.Length; i++)
                        found[i] = Native.spin_type_name(Raw, (UIntPtr)(uint)i).ToString();
                    names = found;
                }
                return names;
            }
        }

        internal WitType Part(int index)
        {
            IntPtr part = Native.spin_type_part(Raw, (UIntPtr)(uint)index);
            return part == IntPtr.Zero ? null : new WitType(Owner, part);
        }

        /// <summary>As in WIT: "list&lt;string&gt;"; a declared type by its name.</summary>
        public override string ToString()
        {
            string text = Native.spin_type_text(Raw).ToString();
            GC.KeepAlive(Owner);
            return text;
        }

        /// <summary>A value of this type as text: {name: "x", tags: [1, 2]}. Throws where it is not
        /// one, and says which part is not.</summary>
        public string Format(object value)
        {
            using (var arena = new Arena()) {
                IntPtr at = Values.Array(arena, 1);
                try {
                    Values.Write(at, 0, Values.Lower(arena, this, value));
                } catch (ValueException wrong) {
                    throw new SpinException(ErrorKind.Invalid, wrong.Message);
                }
                SpinException.Check(Native.spin_value_check(at, Raw));
                SpinException.Check(Native.spin_value_format(at, Raw, out Slice text));
                string copy = text.ToString();
                Native.spin_string_clear(ref text);
                GC.KeepAlive(Owner);
                return copy;
            }
        }
    }
}
