"""WIT that was read, its functions and their types."""

import ctypes
import weakref

from ._ffi import Pointer, Slice, Value, c_text, lib, slice_of
from .errors import check
from .values import Lowering


class Wit:
    """WIT, resolved. Lives as long as one of its functions does; any thread may use it."""

    def __init__(self, pointer):
        self._pointer = pointer
        weakref.finalize(self, lib.spin_wit_free, pointer)

    @classmethod
    def load(cls, path):
        """Loads a .wit file, or a package's folder."""
        out = Pointer()
        check(lib.spin_wit_load(c_text(path), None, out))
        return cls(out.value)

    @classmethod
    def parse(cls, text, file="text.wit"):
        """Reads a text; `file` names it in errors."""
        out = Pointer()
        check(lib.spin_wit_parse(slice_of(text), c_text(file), None, out))
        return cls(out.value)

    def function(self, name):
        """Finds one by its name, "echo", or with its interface, "wasi:clocks/wall-clock#now"."""
        out = Pointer()
        check(lib.spin_wit_function(self._pointer, slice_of(name), out))
        return Function(self, out.value)


class Function:
    """A function's type."""

    def __init__(self, wit, pointer):
        self._wit, self.pointer = wit, pointer
        self.name = str(lib.spin_function_name(pointer))
        count = lib.spin_function_param_count(pointer)
        self.param_names = [str(lib.spin_function_param_name(pointer, i)) for i in range(count)]
        self.param_pointers = [lib.spin_function_param_type(pointer, i) for i in range(count)]
        self.result_pointer = lib.spin_function_result_type(pointer)

    @property
    def params(self):
        return [Type(self._wit, pointer) for pointer in self.param_pointers]

    @property
    def result(self):
        return Type(self._wit, self.result_pointer) if self.result_pointer else None

    def __str__(self):
        params = ", ".join(f"{name}: {each}" for name, each in zip(self.param_names, self.params))
        return f"{self.name}: func({params})" + (f" -> {self.result}" if self.result_pointer else "")


class Type:
    """The type of a parameter or result."""

    def __init__(self, wit, pointer):
        self._wit, self._pointer = wit, pointer

    def __str__(self):
        return str(lib.spin_type_text(self._pointer))

    def format(self, value):
        """A value of this type as text (WAVE); an error says why it is none."""
        lowering, lowered, text = Lowering(), Value(), Slice()
        lowering.lower(self._pointer, value, lowered)
        check(lib.spin_value_format(ctypes.byref(lowered), self._pointer, text))
        try:
            return str(text)
        finally:
            lib.spin_string_clear(text)
