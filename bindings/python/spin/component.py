"""Components of the component model, and engines for them with functions of Python's."""

import ctypes
import enum
import weakref
from dataclasses import dataclass
from typing import Optional

from . import _ffi
from ._ffi import Pointer, Slice, c_text, lib, number_of, objects, slice_of
from .engine import Engine, Host, engine_options
from .errors import Kind, SpinError, check, to_c
from .values import Lowering, lift
from .wit import Function, Type


class ItemKind(enum.IntEnum):
    FUNCTION = 1
    INSTANCE = 2
    TYPE = 3
    RESOURCE = 4
    MODULE = 5
    COMPONENT = 6


@dataclass(frozen=True)
class Item:
    """An import or export. One in an instance is named with it: "wasi:io/poll@0.2.0#poll"."""

    kind: ItemKind
    name: str
    function: Optional[Function] = None
    type: Optional[Type] = None


class Component:
    """A component's binary, decoded and valid. It does not change; any thread may use it."""

    def __init__(self, pointer):
        self.pointer = pointer
        weakref.finalize(self, lib.spin_wasm_component_unref, pointer)

    @classmethod
    def load(cls, path, *, modules=None, definition_only=False):
        """Reads a file. `modules` are core modules for imports of them, bytes by name. With
        `definition_only` it can be looked at, but not run; what nobody offers may be imported."""
        out, options = Pointer(), _options(modules, definition_only)
        check(lib.spin_wasm_component_load(c_text(path), options, out))
        return cls(out.value)

    @classmethod
    def parse(cls, data, *, modules=None, definition_only=False):
        """The same for the bytes of one."""
        out, options = Pointer(), _options(modules, definition_only)
        check(lib.spin_wasm_component_parse(slice_of(bytes(data)), options, out))
        return cls(out.value)

    def _items(self, count, read):
        found = []
        for i in range(count(self.pointer)):
            item = _ffi.ComponentItem()
            if read(self.pointer, i, item):
                function = Function(self, item.function) if item.function else None
                of_type = Type(self, item.type) if item.type else None
                found.append(Item(ItemKind(item.kind), str(item.name), function, of_type))
        return found

    @property
    def imports(self):
        """All of them, those in instances after their instance."""
        return self._items(lib.spin_wasm_component_import_count, lib.spin_wasm_component_import)

    @property
    def exports(self):
        """All of them, those in instances after their instance."""
        return self._items(lib.spin_wasm_component_export_count, lib.spin_wasm_component_export)

    def wit(self):
        """Its world as WIT."""
        return self._text(lib.spin_wasm_component_wit)

    def print(self):
        """Its definitions as text, core modules in outline."""
        return self._text(lib.spin_wasm_component_print)

    def _text(self, write):
        text = Slice()
        check(write(self.pointer, text))
        try:
            return str(text)
        finally:
            lib.spin_string_clear(text)

    def module(self, name):
        """The bytes of a core module that it exports."""
        out = Slice()
        check(lib.spin_wasm_component_module(self.pointer, slice_of(name), out))
        return bytes(out)


def _options(modules, definition_only):
    given = list((modules or {}).items())
    array = (_ffi.ComponentModule * max(1, len(given)))()
    array.keep = [(slice_of(name), slice_of(bytes(data))) for name, data in given]
    for each, (name, data) in zip(array, array.keep):
        each.name, each.bytes = name, data
    return _ffi.ComponentOptions(modules=array, modules_len=len(given),
                                 definition_only=definition_only)


# ── called from C, by the loop and not on a guest's stack: nothing may be raised out of these ──


class _Function:
    """A function for guests. Its type is that of whoever imports it."""

    def __init__(self, host, function):
        self._host, self._function, self._types = host, function, {}

    def answer(self, call, of_type, args, result):
        if of_type not in self._types:
            self._types[of_type] = Function(None, of_type)
        known = self._types[of_type]
        values = (lift(each, args[i]) for i, each in enumerate(known.param_pointers))
        answer = self._function(*values)
        if known.result_pointer:
            Lowering(lambda size: _allocate(call, size)).lower(known.result_pointer, answer, result[0])
        elif answer is not None:
            raise SpinError(Kind.INVALID, f"{known.name} returns nothing")

    def failed(self, exception):
        self._host.failure = exception
        return to_c(exception)


def _allocate(call, size):
    address = lib.spin_host_call_alloc(call, max(1, size))
    if not address:
        raise SpinError(Kind.NO_MEMORY, "out of memory")
    return address


@_ffi.HostFunction
def _on_function(call, of_type, args, _, result, user):
    definition = objects[user]
    try:
        definition.answer(call, of_type, args, result)
    except BaseException as exception:
        return definition.failed(exception)
    return None


@_ffi.HostDrop
def _on_drop(_, representation, user):
    host, drop = objects[user]
    try:
        drop(representation)
    except BaseException as exception:
        host.failure = exception


_NO_DROP = ctypes.cast(None, _ffi.HostDrop)


class EngineBuilder:
    """Begins an engine: for an application, or for nothing but the components that are added.
    Options: those of Engine."""

    def __init__(self, application=None, **options):
        out = Pointer()
        pointer = application.pointer if application else None
        check(lib.spin_engine_builder_new(pointer, engine_options(**options), out))
        self._host = Host()
        self._pointer = out.value
        self._finalizer = weakref.finalize(self, _abandon, self._pointer, self._host)
        lib.spin_component_define_on_loop(self._pointer)

    @property
    def pointer(self):
        if not self._finalizer.alive:
            raise SpinError(Kind.USAGE, "the engine is built already")
        return self._pointer

    def add_component(self, name, component):
        """Adds a Component, to be prepared by that name."""
        check(lib.spin_engine_builder_add_component(self.pointer, slice_of(name), component.pointer))

    def define_function(self, interface, name, function):
        """Offers `function` to guests as `name` of `interface` ("ns:pkg/iface@1.0.0"; "": the
        component's own import). It is given the arguments and returns the result, as `spin.values`
        says; what it raises traps the guest. Not for it: the engine that calls it."""
        if not callable(function):
            raise TypeError(f"{name}: a function is wanted")
        number = self._host.keep(_Function(self._host, function))
        check(lib.spin_component_define_function(self.pointer, slice_of(interface), slice_of(name),
                                                 _on_function, number))

    def define_resource(self, interface, name, drop=None):
        """Offers a resource. Its handles are numbers that the functions choose; `drop(number)` is
        called when a guest has dropped its last one, or has ended."""
        number = self._host.keep((self._host, drop))
        check(lib.spin_component_define_resource(self.pointer, slice_of(interface), slice_of(name),
                                                 None, _on_drop if drop else _NO_DROP, number))

    def build(self):
        """Compiles all components; the Engine. The builder is of no use after that."""
        pointer, out = self.pointer, Pointer()
        self._finalizer.detach()
        try:
            check(lib.spin_engine_builder_build(pointer, out))
        except SpinError:
            self._host.forget()
            raise
        return Engine._of(out.value, self._host)


def _abandon(pointer, host):
    lib.spin_engine_builder_free(pointer)
    host.forget()
