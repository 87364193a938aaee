"""Values of WIT in Python, in both directions:

    bool, integers, floats, char, string   bool, int, float, str, str
    list<u8>                               bytes (given also: bytearray, memoryview, a list)
    list<T>, list<T, N>                    list
    tuple                                  tuple
    record                                 dict by the fields' names; given also any object with
                                           attributes of these names, "_" for "-"
    variant                                Variant
    enum                                   its case's name, a str
    option<T>                              None or T; where T is an option itself, None or Some
    result                                 Ok or Err
    flags                                  frozenset of the names that are set
    map<K, V>                              dict
    resources, streams, futures            int, the guest's handle; of a resource that Python
                                           implements the number that it chose
"""

import ctypes
import sys
from dataclasses import dataclass
from typing import Any

from . import _ffi
from ._ffi import Value, lib
from .errors import Kind, SpinError

(BOOL, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, CHAR, STRING, ERROR_CONTEXT, LIST, FIXED_LIST,
 TUPLE, RECORD, VARIANT, ENUM, OPTION, RESULT, FLAGS, OWN, BORROW, STREAM, FUTURE, MAP) = range(1, 29)
BYTES = 100

_SIGNED = {S8: 8, S16: 16, S32: 32, S64: 64}
_BITS = {U8: 8, U16: 16, U32: 32, U64: 64, OWN: 64, BORROW: 64, STREAM: 32, FUTURE: 32,
         ERROR_CONTEXT: 32}

# Objects of other classes may stand for records by their attributes.
_NO_RECORDS = (bool, int, float, str, bytes, bytearray, memoryview, list, set, frozenset)


@dataclass(frozen=True)
class Variant:
    """A case of a variant, with its payload or None."""

    case: str
    value: Any = None


@dataclass(frozen=True)
class Ok:
    """The result of something that went well."""

    value: Any = None


@dataclass(frozen=True)
class Err:
    """The result of something that did not."""

    value: Any = None


@dataclass(frozen=True)
class Some:
    """An option that is there, where None would be ambiguous."""

    value: Any


def _text(of_type):
    return str(lib.spin_type_text(of_type))


def _names(of_type):
    return [str(lib.spin_type_name(of_type, i)) for i in range(lib.spin_type_count(of_type))]


def _wrong(of_type, value):
    return SpinError(Kind.INVALID, f"{_text(of_type)} is wanted, and not {type(value).__name__}")


def _within(part, error):
    return SpinError(error.kind, f"{part}: {error}")


# ── to C ────────────────────────────────────────────────────────────────────────────────────


class Lowering:
    """Makes C values. What they point to lives as long as this does, or is of `allocate`, which is
    given a size and gives an address."""

    def __init__(self, allocate=None):
        self._kept, self._allocate = [], allocate

    def _make(self, ctype):
        if self._allocate:
            return ctype.from_address(self._allocate(ctypes.sizeof(ctype)))
        made = ctype()
        self._kept.append(made)
        return made

    def arguments(self, function, args):
        """The C arguments of a call, and their number."""
        types = function.param_pointers
        if len(types) != len(args):
            raise SpinError(Kind.INVALID, f"{function.name} takes {len(types)} arguments and got "
                                          f"{len(args)}")
        out = (Value * max(1, len(args)))()
        for i, (of_type, arg) in enumerate(zip(types, args)):
            try:
                self.lower(of_type, arg, out[i])
            except SpinError as error:
                raise _within(f"{function.name}: argument {i + 1}", error) from None
        return out, len(args)

    def lower(self, of_type, value, out):
        out.kind = kind = lib.spin_type_kind(of_type)
        if kind in _SIGNED or kind in _BITS:
            self._integer(of_type, value, out)
        else:
            _LOWER[kind](self, of_type, value, out)

    def _integer(self, of_type, value, out):
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong(of_type, value)
        signed = out.kind in _SIGNED
        bits = _SIGNED[out.kind] if signed else _BITS[out.kind]
        least, most = (-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        if not least <= value <= most:
            raise SpinError(Kind.INVALID, f"{value} is out of the range of {_text(of_type)}")
        if signed:
            out.of.integer = value
        else:
            out.of.natural = value

    def _bool(self, of_type, value, out):
        if not isinstance(value, bool):
            raise _wrong(of_type, value)
        out.of.boolean = value

    def _float(self, of_type, value, out):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _wrong(of_type, value)
        try:
            if out.kind == F32:
                out.of.f32 = value
            else:
                out.of.f64 = value
        except OverflowError:
            raise SpinError(Kind.INVALID, f"too large for {_text(of_type)}") from None

    def _char(self, of_type, value, out):
        if not isinstance(value, str) or len(value) != 1 or 0xd800 <= ord(value) < 0xe000:
            raise _wrong(of_type, value)
        out.of.natural = ord(value)

    def _bytes(self, data, out):
        view = _ffi.slice_of(data)
        if self._allocate:
            address = self._allocate(len(data))
            ctypes.memmove(address, data, len(data))
            view = _ffi.Slice(address, len(data))
        self._kept.append(view)
        out.of.text = view

    def _string(self, of_type, value, out):
        if not isinstance(value, str):
            raise _wrong(of_type, value)
        try:
            self._bytes(value.encode(), out)
        except UnicodeEncodeError as error:
            raise SpinError(Kind.INVALID, f"{_text(of_type)}: {error}") from None

    def _items(self, count, out):
        items = self._make(Value * max(1, count))
        out.of.list.items = ctypes.cast(items, ctypes.POINTER(Value))
        out.of.list.len = count
        return items

    def _list(self, of_type, value, out):
        part = lib.spin_type_part(of_type, 0)
        is_bytes = out.kind == LIST and lib.spin_type_kind(part) == U8
        if is_bytes and isinstance(value, (bytes, bytearray, memoryview)):
            out.kind = BYTES
            self._bytes(bytes(value), out)
            return
        if not isinstance(value, (list, tuple)):
            raise _wrong(of_type, value)
        wanted = {FIXED_LIST: lib.spin_type_length, TUPLE: lib.spin_type_count}.get(out.kind)
        if wanted and wanted(of_type) != len(value):
            raise SpinError(Kind.INVALID, f"{_text(of_type)} has {wanted(of_type)} elements, and not "
                                          f"{len(value)}")
        items = self._items(len(value), out)
        for i, each in enumerate(value):
            if out.kind == TUPLE:
                part = lib.spin_type_part(of_type, i)
            self._part(f"[{i}]", part, each, items[i])

    def _part(self, name, of_type, value, out):
        try:
            self.lower(of_type, value, out)
        except SpinError as error:
            raise _within(name, error) from None

    def _record(self, of_type, value, out):
        names = _names(of_type)
        if value is None or isinstance(value, _NO_RECORDS):
            raise _wrong(of_type, value)
        if not isinstance(value, dict):
            found = {name: getattr(value, name.replace("-", "_"), self) for name in names}
            value = {name: field for name, field in found.items() if field is not self}
        for name in value:
            if name not in names:
                raise SpinError(Kind.INVALID, f"{_text(of_type)} has no {name!r}")
        items = self._items(len(names), out)
        for i, name in enumerate(names):
            part = lib.spin_type_part(of_type, i)
            if name not in value and lib.spin_type_kind(part) != OPTION:
                raise SpinError(Kind.INVALID, f"{_text(of_type)}: field {name!r} is missing")
            self._part("." + name, part, value.get(name), items[i])

    def _map(self, of_type, value, out):
        if not isinstance(value, dict):
            raise _wrong(of_type, value)
        items = self._items(len(value), out)
        for i, (key, each) in enumerate(value.items()):
            items[i].kind = TUPLE
            pair = self._items(2, items[i])
            self._part("key", lib.spin_type_part(of_type, 0), key, pair[0])
            self._part(f"[{key}]", lib.spin_type_part(of_type, 1), each, pair[1])

    def _choose(self, of_type, index, payload, out):
        out.of.variant.index = index
        part = lib.spin_type_part(of_type, index)
        if part:
            value = self._make(Value)
            self.lower(part, payload, value)
            out.of.variant.payload = ctypes.pointer(value)
        elif payload is not None:
            raise SpinError(Kind.INVALID, f"{_text(of_type)}: case {index} has no payload")

    def _case(self, of_type, name):
        names = _names(of_type)
        if name not in names:
            raise SpinError(Kind.INVALID, f"{_text(of_type)} has no {name!r}")
        return names.index(name)

    def _variant(self, of_type, value, out):
        if not isinstance(value, Variant):
            raise _wrong(of_type, value)
        self._choose(of_type, self._case(of_type, value.case), value.value, out)

    def _enum(self, of_type, value, out):
        if not isinstance(value, str):
            raise _wrong(of_type, value)
        self._choose(of_type, self._case(of_type, value), None, out)

    def _option(self, of_type, value, out):
        payload = value.value if isinstance(value, Some) else value
        self._choose(of_type, 0 if value is None else 1, payload, out)

    def _result(self, of_type, value, out):
        if not isinstance(value, (Ok, Err)):
            raise _wrong(of_type, value)
        self._choose(of_type, int(isinstance(value, Err)), value.value, out)

    def _flags(self, of_type, value, out):
        if not isinstance(value, (set, frozenset, list, tuple)):
            raise _wrong(of_type, value)
        count = (lib.spin_type_count(of_type) + 31) // 32
        words = self._make(ctypes.c_uint32 * max(1, count))
        for name in value:
            index = self._case(of_type, name)
            words[index // 32] |= 1 << index % 32
        out.of.flags.words = ctypes.cast(words, ctypes.POINTER(ctypes.c_uint32))
        out.of.flags.len = count


_LOWER = {
    BOOL: Lowering._bool, F32: Lowering._float, F64: Lowering._float, CHAR: Lowering._char,
    STRING: Lowering._string, LIST: Lowering._list, FIXED_LIST: Lowering._list,
    TUPLE: Lowering._list, RECORD: Lowering._record, MAP: Lowering._map,
    VARIANT: Lowering._variant, ENUM: Lowering._enum, OPTION: Lowering._option,
    RESULT: Lowering._result, FLAGS: Lowering._flags,
}


# ── to Python ───────────────────────────────────────────────────────────────────────────────


def lift(of_type, value):
    """The Python value of a C value, which stays the caller's."""
    kind = value.kind
    if kind in _SIGNED:
        return value.of.integer
    if kind in _BITS:
        return value.of.natural
    return _LIFT[kind](of_type, value)


def _lift_list(of_type, value):
    items, part = value.of.list.items, lib.spin_type_part(of_type, 0)
    return [lift(part, items[i]) for i in range(value.of.list.len)]


def _lift_parts(of_type, value):
    items = value.of.list.items
    return [lift(lib.spin_type_part(of_type, i), items[i]) for i in range(value.of.list.len)]


def _lift_map(of_type, value):
    key, each = lib.spin_type_part(of_type, 0), lib.spin_type_part(of_type, 1)
    pairs = (value.of.list.items[i].of.list.items for i in range(value.of.list.len))
    return {lift(key, pair[0]): lift(each, pair[1]) for pair in pairs}


def _payload(of_type, value):
    part = lib.spin_type_part(of_type, value.of.variant.index)
    return lift(part, value.of.variant.payload[0]) if part and value.of.variant.payload else None


def _case_name(of_type, value):
    return str(lib.spin_type_name(of_type, value.of.variant.index))


def _lift_option(of_type, value):
    if value.of.variant.index == 0:
        return None
    payload = _payload(of_type, value)
    nested = lib.spin_type_kind(lib.spin_type_part(of_type, 1)) == OPTION
    return Some(payload) if nested else payload


def _lift_flags(of_type, value):
    flags = value.of.flags
    return frozenset(name for i, name in enumerate(_names(of_type))
                     if i // 32 < flags.len and flags.words[i // 32] >> i % 32 & 1)


_LIFT = {
    BOOL: lambda of_type, value: value.of.boolean,
    F32: lambda of_type, value: value.of.f32,
    F64: lambda of_type, value: value.of.f64,
    CHAR: lambda of_type, value: chr(min(value.of.natural, sys.maxunicode)),
    STRING: lambda of_type, value: str(value.of.text),
    BYTES: lambda of_type, value: bytes(value.of.text),
    LIST: _lift_list,
    FIXED_LIST: _lift_list,
    TUPLE: lambda of_type, value: tuple(_lift_parts(of_type, value)),
    RECORD: lambda of_type, value: dict(zip(_names(of_type), _lift_parts(of_type, value))),
    MAP: _lift_map,
    VARIANT: lambda of_type, value: Variant(_case_name(of_type, value), _payload(of_type, value)),
    ENUM: _case_name,
    OPTION: _lift_option,
    RESULT: lambda of_type, value: (Err if value.of.variant.index else Ok)(_payload(of_type, value)),
    FLAGS: _lift_flags,
}
