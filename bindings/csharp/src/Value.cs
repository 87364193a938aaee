// Values of WIT's types as C# has them:
//
//     bool, s8 … u64, f32, f64   bool, sbyte … ulong, float, double (any integer in range goes in)
//     char, string               string (a char goes in as well)
//     list<u8>                   byte[]
//     other lists, tuples        object[] (any sequence goes in)
//     record                     Dictionary<string, object> (any dictionary of strings goes in)
//     variant                    Variant          enum    string
//     option<T>                  null or the T    flags   HashSet<string> (any sequence goes in)
//     result                     Result           map     Dictionary<object, object>
//     option<option<T>>          null or Some     handles Handle
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;

namespace Spin.Host
{
    internal enum TypeKind : uint
    {
        Bool = 1, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, Char, String, ErrorContext, List,
        FixedList, Tuple, Record, Variant, Enum, Option, Result, Flags, Own, Borrow, Stream, Future,
        Map, Bytes = 100,
    }

    /// <summary>A case of a variant, with what it carries.</summary>
    public sealed class Variant : IEquatable<Variant>
    {
        public string Case { get; }
        public object Payload { get; }
        public Variant(string @case, object payload = null) { Case = @case; Payload = payload; }
        public bool Equals(Variant other) =>
            other != null && Case == other.Case && Equals(Payload, other.Payload);
        public override bool Equals(object other) => Equals(other as Variant);
        public override int GetHashCode() => Case.GetHashCode();
        public override string ToString() => Payload == null ? Case : $"{Case}({Payload})";
    }

    /// <summary>What is there, of an option of an option.</summary>
    public sealed class Some
    {
        public object Value { get; }
        public Some(object value) { Value = value; }
    }

    /// <summary>A result: what is there in the good or in the bad case, null where that carries
    /// nothing.</summary>
    public sealed class Result
    {
        public bool IsOk { get; }
        public object Value { get; }
        private Result(bool isOk, object value) { IsOk = isOk; Value = value; }
        public static Result Ok(object value = null) => new Result(true, value);
        public static Result Error(object value = null) => new Result(false, value);
    }

    public enum HandleKind : uint { ErrorContext = 14, Own = 24, Borrow, Stream, Future }

    /// <summary>A resource of a guest's, or an end of a stream or future.</summary>
    public struct Handle
    {
        public readonly HandleKind Kind;
        public readonly ulong Index;
        public Handle(HandleKind kind, ulong index) { Kind = kind; Index = index; }
    }

    /// <summary>What is wrong with a value, and which part of it.</summary>
    internal sealed class ValueException : Exception
    {
        public ValueException(string message) : base(message) { }
    }

    internal static class Values
    {
        public static readonly int Size = Marshal.SizeOf(typeof(RawValue));

        public static IntPtr Array(Arena arena, int len) => arena.Alloc(checked(len * Size));

        public static void Write(IntPtr array, int index, RawValue value) =>
            Marshal.StructureToPtr(value, array + index * Size, false);

        private static RawValue Read(IntPtr array, int index) =>
            (RawValue)Marshal.PtrToStructure(array + index * Size, typeof(RawValue));

        // ── to C ────────────────────────────────────────────────────────────────────────────

        public static RawValue Lower(Arena arena, WitType type, object value)
        {
            var raw = new RawValue { kind = (uint)type.Kind };
            switch (type.Kind) {
            case TypeKind.Bool: raw.boolean = Native.Bool(Is<bool>(type, value)); break;
            case TypeKind.S8: raw.integer = Signed(type, value, sbyte.MinValue, sbyte.MaxValue); break;
            case TypeKind.S16: raw.integer = Signed(type, value, short.MinValue, short.MaxValue); break;
            case TypeKind.S32: raw.integer = Signed(type, value, int.MinValue, int.MaxValue); break;
            case TypeKind.S64: raw.integer = Signed(type, value, long.MinValue, long.MaxValue); break;
            case TypeKind.U8: raw.natural = Natural(type, value, byte.MaxValue); break;
            case TypeKind.U16: raw.natural = Natural(type, value, ushort.MaxValue); break;
            case TypeKind.U32: raw.natural = Natural(type, value, uint.MaxValue); break;
            case TypeKind.U64: raw.natural = Natural(type, value, ulong.MaxValue); break;
            case TypeKind.F32: raw.f32 = (float)Real(type, value); break;
            case TypeKind.F64: raw.f64 = Real(type, value); break;
            case TypeKind.Char: raw.natural = Character(type, value); break;
            case TypeKind.String: Text(ref raw, arena.Text(Is<string>(type, value))); break;
            case TypeKind.List:
            case TypeKind.FixedList:
                WitType part = type.Part(0);
                if (type.Kind == TypeKind.List && part.Kind == TypeKind.U8 && value is byte[]) {
                    raw.kind = (uint)TypeKind.Bytes;
                    Text(ref raw, arena.Bytes((byte[])value));
                } else {
                    Items(arena, ref raw, Sequence(type, value), index => part);
                }
                break;
            case TypeKind.Tuple:
                List<object> elements = Sequence(type, value);
                if (elements.Count != type.Count)
                    throw new ValueException($"{elements.Count} elements, not {type.Count}");
                Items(arena, ref raw, elements, type.Part);
                break;
            case TypeKind.Record: Record(arena, ref raw, type, Is<IDictionary>(type, value)); break;
            case TypeKind.Map: Map(arena, ref raw, type, Is<IDictionary>(type, value)); break;
            case TypeKind.Variant:
                var variant = Is<Variant>(type, value);
                Case(arena, ref raw, type, IndexOf(type, variant.Case), variant.Payload);
                break;
            case TypeKind.Enum: raw.index = (uint)IndexOf(type, Is<string>(type, value)); break;
            case TypeKind.Option:
                if (value != null)
                    Case(arena, ref raw, type, 1, value is Some some ? some.Value : value);
                break;
            case TypeKind.Result:
                var result = Is<Result>(type, value);
                Case(arena, ref raw, type, result.IsOk ? 0 : 1, result.Value);
                break;
            case TypeKind.Flags: Flags(arena, ref raw, type, Sequence(type, value)); break;
            default:
                var handle = Is<Handle>(type, value);
                // What a guest gave away may be lent to it.
                bool lent = type.Kind == TypeKind.Borrow && handle.Kind == HandleKind.Own;
                raw.kind = (uint)(lent ? HandleKind.Borrow : handle.Kind);
                raw.natural = handle.Index;
                break;
            }
            return raw;
        }

        private static Exception Wrong(WitType type, object value)
        {
            string what = value == null ? "null" : $"{value.GetType().Name}";
            return new ValueException($"{what} is no {type}");
        }

        private static T Is<T>(WitType type, object value) =>
            value is T it ? it : throw Wrong(type, value);

        private static decimal Integer(WitType type, object value, decimal min, decimal max)
        {
            TypeCode code = Type.GetTypeCode(value?.GetType());
            if (code < TypeCode.SByte || code > TypeCode.UInt64)
                throw Wrong(type, value);
            decimal number = Convert.ToDecimal(value, CultureInfo.InvariantCulture);
            if (number < min || number > max)
                throw new ValueException($"{number} is out of the range of {type}");
            return number;
        }

        private static long Signed(WitType type, object value, long min, long max) =>
            (long)Integer(type, value, min, max);

        private static ulong Natural(WitType type, object value, ulong max) =>
            (ulong)Integer(type, value, 0, max);

        private static double Real(WitType type, object value)
        {
            TypeCode code = Type.GetTypeCode(value?.GetType());
            if (code >= TypeCode.SByte && code <= TypeCode.Double)
                return Convert.ToDouble(value, CultureInfo.InvariantCulture);
            throw Wrong(type, value);
        }

        private static ulong Character(WitType type, object value)
        {
            if (value is char one && !char.IsSurrogate(one))
                return one;
            if (value is string text && text.Length > 0
                && (text.Length == 1 && !char.IsSurrogate(text[0])
                    || text.Length == 2 && char.IsSurrogatePair(text, 0)))
                return (ulong)char.ConvertToUtf32(text, 0);
            throw Wrong(type, value);
        }

        private static void Text(ref RawValue raw, Slice text)
        {
            raw.items = text.ptr;
            raw.len = text.len;
        }

        private static List<object> Sequence(WitType type, object value)
        {
            if (value is string || value is IDictionary || !(value is IEnumerable items))
                throw Wrong(type, value);
            return items.Cast<object>().ToList();
        }

        private static void Items(Arena arena, ref RawValue raw, List<object> items,
                                  Func<int, WitType> part)
        {
            raw.items = Array(arena, items.Count);
            raw.len = (UIntPtr)(uint)items.Count;
            for (int i = 0; i < items.Count; i++) {
                try {
                    Write(raw.items, i, Lower(arena, part(i), items[i]));
                } catch (ValueException wrong) {
                    throw new ValueException($"element {i}: {wrong.Message}");
                }
            }
        }

        private static void Record(Arena arena, ref RawValue raw, WitType type, IDictionary fields)
        {
            string[] names = type.Names;
            foreach (object key in fields.Keys)
                if (System.Array.IndexOf(names, key as string) < 0)
                    throw new ValueException($"{type} has no field \"{key}\"");
            raw.items = Array(arena, names.Length);
            raw.len = (UIntPtr)(uint)names.Length;
            for (int i = 0; i < names.Length; i++) {
                if (!fields.Contains(names[i]))
                    throw new ValueException($"field \"{names[i]}\" is missing");
                try {
                    Write(raw.items, i, Lower(arena, type.Part(i), fields[names[i]]));
                } catch (ValueException wrong) {
                    throw new ValueException($"field {names[i]}: {wrong.Message}");
                }
            }
        }

        private static void Map(Arena arena, ref RawValue raw, WitType type, IDictionary map)
        {
            raw.items = Array(arena, map.Count);
            raw.len = (UIntPtr)(uint)map.Count;
            int index = 0;
            foreach (DictionaryEntry entry in map) {
                var pair = new RawValue {
                    kind = (uint)TypeKind.Tuple, items = Array(arena, 2), len = (UIntPtr)2u,
                };
                Write(pair.items, 0, Lower(arena, type.Part(0), entry.Key));
                Write(pair.items, 1, Lower(arena, type.Part(1), entry.Value));
                Write(raw.items, index++, pair);
            }
        }

        private static int IndexOf(WitType type, string name)
        {
            int index = System.Array.IndexOf(type.Names, name);
            return index >= 0 ? index : throw new ValueException($"{type} has no \"{name}\"");
        }

        private static void Case(Arena arena, ref RawValue raw, WitType type, int index,
                                 object payload)
        {
            raw.index = (uint)index;
            WitType part = type.Part(index);
            if (part == null && payload != null)
                throw new ValueException("carries something, and has no payload");
            if (part == null)
                return;
            raw.payload = Array(arena, 1);
            Write(raw.payload, 0, Lower(arena, part, payload));
        }

        private static void Flags(Arena arena, ref RawValue raw, WitType type, List<object> names)
        {
            var words = new int[(type.Count + 31) / 32];
            foreach (object name in names) {
                int flag = IndexOf(type, name as string);
                words[flag / 32] |= 1 << flag % 32;
            }
            raw.items = arena.Alloc(words.Length * sizeof(int));
            raw.len = (UIntPtr)(uint)words.Length;
            Marshal.Copy(words, 0, raw.items, words.Length);
        }

        // ── from C ──────────────────────────────────────────────────────────────────────────

        /// <summary>A copy of a valid value of type <paramref name="type"/>.</summary>
        public static object Lift(RawValue raw, WitType type)
        {
            switch ((TypeKind)raw.kind) {
            case TypeKind.Bool: return raw.boolean != 0;
            case TypeKind.S8: return (sbyte)raw.integer;
            case TypeKind.S16: return (short)raw.integer;
            case TypeKind.S32: return (int)raw.integer;
            case TypeKind.S64: return raw.integer;
            case TypeKind.U8: return (byte)raw.natural;
            case TypeKind.U16: return (ushort)raw.natural;
            case TypeKind.U32: return (uint)raw.natural;
            case TypeKind.U64: return raw.natural;
            case TypeKind.F32: return raw.f32;
            case TypeKind.F64: return raw.f64;
            case TypeKind.Char: return char.ConvertFromUtf32((int)raw.natural);
            case TypeKind.String: return Native.Text(raw.items, raw.len);
            case TypeKind.Bytes: return Native.Bytes(raw.items, raw.len);
            case TypeKind.List:
            case TypeKind.FixedList:
                WitType part = type.Part(0);
                return LiftItems(raw, index => part);
            case TypeKind.Tuple: return LiftItems(raw, type.Part);
            case TypeKind.Record:
                object[] fields = LiftItems(raw, type.Part);
                var record = new Dictionary<string, object>();
                for (int i = 0; i < fields.Length; i++)
                    record[type.Names[i]] = fields[i];
                return record;
            case TypeKind.Map:
                var map = new Dictionary<object, object>();
                for (int i = 0; i < (int)raw.len.ToUInt32(); i++) {
                    object[] pair = LiftItems(Read(raw.items, i), type.Part);
                    map[pair[0]] = pair[1];
                }
                return map;
            case TypeKind.Variant: return new Variant(type.Names[raw.index], LiftPayload(raw, type));
            case TypeKind.Enum: return type.Names[raw.index];
            case TypeKind.Option:
                object value = LiftPayload(raw, type);
                bool nested = type.Part(1).Kind == TypeKind.Option;
                return raw.index != 0 && nested ? new Some(value) : value;
            case TypeKind.Result:
                object carried = LiftPayload(raw, type);
                return raw.index == 0 ? Result.Ok(carried) : Result.Error(carried);
            case TypeKind.Flags: return LiftFlags(raw, type);
            default: return new Handle((HandleKind)raw.kind, raw.natural);
            }
        }

        private static object[] LiftItems(RawValue raw, Func<int, WitType> part)
        {
            var items = new object[checked((int)raw.len.ToUInt64())];
            for (int i = 0; i < items.Length; i++)
                items[i] = Lift(Read(raw.items, i), part(i));
            return items;
        }

        private static object LiftPayload(RawValue raw, WitType type) =>
            raw.payload == IntPtr.Zero ? null
                                       : Lift(Read(raw.payload, 0), type.Part((int)raw.index));

        private static HashSet<string> LiftFlags(RawValue raw, WitType type)
        {
            var set = new HashSet<string>();
            for (int i = 0; i < type.Count && i / 32 < (int)raw.len.ToUInt32(); i++)
                if ((Marshal.ReadInt32(raw.items, i / 32 * 4) >> i % 32 & 1) != 0)
                    set.Add(type.Names[i]);
            return set;
        }

        public static object LiftAt(IntPtr at, WitType type) => Lift(Read(at, 0), type);
    }
}
