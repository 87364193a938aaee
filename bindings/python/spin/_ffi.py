"""libspin as ctypes sees it: where it is, and what of it is used here."""

import ctypes as c
import ctypes.util
import itertools
import os
from pathlib import Path


def _candidates():
    """Where the library may be: named, in the wheel, installed, and last in the repository."""
    here = Path(__file__).resolve()
    if "SPIN_LIBRARY" in os.environ:
        yield os.environ["SPIN_LIBRARY"]
        return
    if "SPIN_PREFIX" in os.environ:
        for folder in ("lib", "lib64", *(f"lib/{each}-linux-gnu" for each in ("x86_64", "aarch64"))):
            yield from _present(Path(os.environ["SPIN_PREFIX"]) / folder / "libspin.so.0")
    yield from _present(here.parent / "libspin.so.0")
    yield "libspin.so.0"
    yield from _present(here.parents[3] / "build/release/libspin.so.0")


def _present(path):
    return [str(path)] if path.exists() else []


def _load():
    for candidate in _candidates():
        try:
            return c.CDLL(candidate)
        except OSError as error:
            reason = error
    raise ImportError(f"libspin.so.0 can't be loaded ({reason}); SPIN_LIBRARY or SPIN_PREFIX may say "
                      "where it is")


lib = _load()

# Pointers to what only the library knows.
Pointer = c.c_void_p
Size = c.c_size_t


class Slice(c.Structure):
    _fields_ = [("ptr", Pointer), ("len", Size)]

    def __bytes__(self):
        return c.string_at(self.ptr, self.len) if self.len else b""

    def __str__(self):
        return bytes(self).decode()


class Position(c.Structure):
    _fields_ = [("line", c.c_uint32), ("column", c.c_uint32), ("offset", c.c_uint64),
                ("has_offset", c.c_bool)]


class Value(c.Structure):
    pass


class ValueList(c.Structure):
    _fields_ = [("items", c.POINTER(Value)), ("len", Size)]


class ValueVariant(c.Structure):
    _fields_ = [("index", c.c_uint32), ("payload", c.POINTER(Value))]


class ValueFlags(c.Structure):
    _fields_ = [("words", c.POINTER(c.c_uint32)), ("len", Size)]


class ValueOf(c.Union):
    _fields_ = [("boolean", c.c_bool), ("integer", c.c_int64), ("natural", c.c_uint64),
                ("f32", c.c_float), ("f64", c.c_double), ("text", Slice), ("list", ValueList),
                ("variant", ValueVariant), ("flags", ValueFlags)]


Value._fields_ = [("kind", c.c_int), ("of", ValueOf)]


class _Sized(c.Structure):
    """A struct of options that begins with its own size."""

    def __init__(self, **fields):
        super().__init__(size=c.sizeof(self), **fields)


class EngineOptions(_Sized):
    _fields_ = [("size", Size), ("loop", Pointer), ("max_instances", c.c_uint32),
                ("max_memory_bytes", c.c_uint64), ("timeout_ms", c.c_uint64),
                ("cache_dir", c.c_char_p), ("disable_cache", c.c_bool), ("environment", Pointer),
                ("environment_len", Size), ("variables", c.POINTER(c.c_char_p)),
                ("variables_len", Size), ("engine", Pointer)]


class ComponentModule(c.Structure):
    _fields_ = [("name", Slice), ("bytes", Slice)]


class ComponentOptions(_Sized):
    _fields_ = [("size", Size), ("modules", c.POINTER(ComponentModule)), ("modules_len", Size),
                ("definition_only", c.c_bool)]


class ComponentItem(_Sized):
    _fields_ = [("size", Size), ("kind", c.c_int), ("name", Slice), ("function", Pointer),
                ("type", Pointer)]


# A callback returns the address of an error, or None.
Open = c.CFUNCTYPE(Pointer, Pointer, Pointer, c.POINTER(Pointer))
Close = c.CFUNCTYPE(None, Pointer)
Configure = c.CFUNCTYPE(Pointer, Pointer, Pointer)
Start = c.CFUNCTYPE(Pointer, Pointer, Pointer)
OnWorker = c.CFUNCTYPE(None, Pointer, Pointer)
HostFunction = c.CFUNCTYPE(Pointer, Pointer, Pointer, c.POINTER(Value), Size, c.POINTER(Value),
                           Pointer)
HostDrop = c.CFUNCTYPE(None, Pointer, c.c_uint64, Pointer)
Called = c.CFUNCTYPE(None, Pointer, Pointer, c.POINTER(Value), Pointer)
LogSink = c.CFUNCTYPE(None, c.c_int, Slice, Pointer)


class TriggerType(_Sized):
    _fields_ = [("size", Size), ("name", c.c_char_p), ("open", Open), ("close", Close),
                ("configure", Configure), ("start", Start), ("stop", OnWorker),
                ("drain", OnWorker), ("end", OnWorker), ("withdraw", Close)]


class TriggerOptions(_Sized):
    _fields_ = [("size", Size), ("workers", c.c_uint), ("ignore_signals", c.c_bool),
                ("shutdown_timeout_ms", c.c_uint64), ("engine", c.POINTER(EngineOptions)),
                ("configure", Configure), ("ready", OnWorker), ("user", Pointer)]


class HttpOptions(_Sized):
    _fields_ = [("size", Size), ("listen", c.c_char_p), ("workers", c.c_uint),
                ("log_dir", c.c_char_p), ("follow", Pointer), ("follow_len", Size),
                ("follow_all", c.c_bool), ("quiet", c.c_bool), ("ignore_signals", c.c_bool),
                ("max_header_bytes", Size), ("max_headers", Size), ("max_body_bytes", Size),
                ("max_connections", Size), ("request_timeout_ms", c.c_uint64),
                ("idle_timeout_ms", c.c_uint64), ("write_timeout_ms", c.c_uint64),
                ("shutdown_timeout_ms", c.c_uint64), ("engine", c.POINTER(EngineOptions)),
                ("configure", Configure), ("ready", OnWorker), ("user", Pointer)]


def _declare():
    """What the functions take and return. P: a pointer; those in FAILING return an error."""
    P, S, text, out = Pointer, Slice, c.c_char_p, c.POINTER(Pointer)
    values = c.POINTER(Value)
    plain = {
        "version": (text,), "engine_version": (text,),
        "error_kind": (c.c_int, P), "error_kind_name": (text, c.c_int), "error_message": (text, P),
        "error_file": (text, P), "error_position": (Position, P), "error_cause": (P, P),
        "error_format": (Size, P, P, Size), "error_free": (None, P),
        "log_configure": (None, P, P, c.c_int, c.c_int),
        "string_clear": (None, c.POINTER(Slice)), "string_free": (None, P),
        "application_ref": (P, P), "application_unref": (None, P), "application_name": (S, P),
        "application_version": (S, P), "application_trigger_type": (S, P),
        "application_component_count": (Size, P), "application_component": (P, P, Size),
        "application_component_by_id": (P, P, S), "component_id": (S, P),
        "wit_free": (None, P), "function_name": (S, P), "function_param_count": (Size, P),
        "function_param_name": (S, P, Size), "function_param_type": (P, P, Size),
        "function_result_type": (P, P),
        "type_kind": (c.c_int, P), "type_text": (S, P), "type_count": (Size, P),
        "type_name": (S, P, Size), "type_part": (P, P, Size), "type_length": (Size, P),
        "value_clear": (None, values),
        "engine_builder_free": (None, P), "execution_context_free": (None, P),
        "instance_free": (None, P), "component_define_on_loop": (None, P),
        "host_call_alloc": (P, P, Size), "wasm_component_unref": (None, P),
        "wasm_component_import_count": (Size, P), "wasm_component_export_count": (Size, P),
        "wasm_component_import": (c.c_bool, P, Size, c.POINTER(ComponentItem)),
        "wasm_component_export": (c.c_bool, P, Size, c.POINTER(ComponentItem)),
        "http_trigger_address": (text, P), "trigger_stop": (None, P), "trigger_free": (None, P),
        "trigger_application": (P, P), "trigger_settings": (P, P),
        "trigger_component_settings": (P, P, P), "worker_hold": (None, P),
        "worker_release": (None, P),
    }
    failing = {
        "loader_load_file": (text, P, out), "loader_load_locked": (text, out),
        "application_trigger_json": (P, out), "wit_load": (text, P, out),
        "wit_parse": (S, text, P, out), "wit_function": (P, S, out),
        "value_format": (values, P, c.POINTER(Slice)),
        "engine_builder_new": (P, c.POINTER(EngineOptions), out), "engine_builder_build": (P, out),
        "execution_context_prepare_component": (P, S, P, out),
        "value_call": (P, P, values, Size, values),
        "wasm_component_load": (text, c.POINTER(ComponentOptions), out),
        "wasm_component_parse": (S, c.POINTER(ComponentOptions), out),
        "wasm_component_wit": (P, c.POINTER(Slice)), "wasm_component_print": (P, c.POINTER(Slice)),
        "wasm_component_module": (P, S, c.POINTER(Slice)),
        "engine_builder_add_component": (P, S, P),
        "component_define_function": (P, S, S, HostFunction, P),
        "component_define_resource": (P, S, S, P, HostDrop, P),
        "component_function": (P, S, out), "component_call": (P, S, values, Size, values),
        "component_drop": (P, c.c_uint64),
        "http_trigger_new": (P, c.POINTER(HttpOptions), out),
        "trigger_new": (c.POINTER(TriggerType), P, P, c.POINTER(TriggerOptions), out),
        "trigger_run": (P,),
        "settings_text": (P, text, c.c_bool, c.POINTER(Slice)),
        "settings_boolean": (P, text, c.c_bool, c.POINTER(c.c_bool)),
        "settings_integer": (P, text, c.c_bool, c.c_int64, c.c_int64, c.POINTER(c.c_int64)),
        "settings_duration_ms": (P, text, c.c_bool, c.POINTER(c.c_uint64)),
        "settings_json": (P, text, out), "settings_error": (P, text, text),
        "error_new": (c.c_int, text),
        "worker_every": (P, c.c_uint64, OnWorker, P), "worker_post": (P, OnWorker, P),
        "worker_call": (P, S, P, P, values, Size, Called, P),
    }
    for name, (result, *args) in plain.items():
        function = getattr(lib, "spin_" + name)
        function.restype, function.argtypes = result, args
    for name, args in failing.items():
        function = getattr(lib, "spin_" + name)
        function.restype, function.argtypes = Pointer, args


_declare()


# What C hands back are numbers of these, so that no address of Python's is kept there.
objects = {}
_numbers = itertools.count(1)


def number_of(thing):
    """Keeps an object for C, until somebody deletes it from `objects`."""
    number = next(_numbers)
    objects[number] = thing
    return number


def slice_of(data):
    """A view of text or bytes, which lives as long as the view does."""
    if isinstance(data, str):
        data = data.encode()
    view = Slice(c.cast(c.c_char_p(data), Pointer), len(data))
    view.keep = data
    return view


def c_text(text):
    """Text or a path for C, which would take it up to a NUL and no further."""
    data = os.fsencode(text)
    if b"\0" in data:
        raise ValueError(f"{text!r} has a NUL in it")
    return data


def optional(text):
    return None if text is None else c_text(text)


def pairs(texts):
    """A dict as an array of "name=value", for a field that keeps it alive."""
    return (c.c_char_p * len(texts))(*(c_text(f"{name}={value}") for name, value in texts.items()))


def milliseconds(seconds):
    """Rounded up, so that what is not zero stays so."""
    return 0 if seconds is None else max(0, -int(-seconds * 1000 // 1))
