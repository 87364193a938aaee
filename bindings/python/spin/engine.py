"""Engines: an application's components, compiled, and instances of them to call."""

import ctypes
import threading
import weakref
from collections import deque

from . import _ffi
from ._ffi import Pointer, Value, lib, number_of, objects, slice_of
from .errors import Kind, SpinError, check
from .values import Lowering, lift
from .wit import Function


def engine_options(max_instances=0, max_memory=0, timeout=None, cache_dir=None, disable_cache=False,
                   variables=None):
    """How guests run, as C has it; zero and None are the defaults. `timeout` is in seconds."""
    return _ffi.EngineOptions(max_instances=max_instances, max_memory_bytes=max_memory,
                              timeout_ms=_ffi.milliseconds(timeout),
                              cache_dir=_ffi.optional(cache_dir), disable_cache=disable_cache,
                              variables=_ffi.pairs(variables or {}),
                              variables_len=len(variables or {}))


class Host:
    """What an engine's guests may call: objects that are kept for C, and what the last one raised."""

    def __init__(self):
        self._numbers, self.failure = [], None

    def keep(self, thing):
        self._numbers.append(number_of(thing))
        return self._numbers[-1]

    def forget(self):
        for number in self._numbers:
            objects.pop(number, None)
        self._numbers = []


class _Context:
    """The context of C and its instances. Threads take turns. A finalizer, which may come in the
    middle of anything, does not wait for its turn: it leaves the instance to the next one."""

    def __init__(self, pointer, host):
        self.pointer, self.live, self._host = pointer, set(), host
        self._lock, self._left, self._inside = threading.RLock(), deque(), False

    def __enter__(self):
        self._lock.acquire()
        if self._inside:
            self._lock.release()
            raise SpinError(Kind.USAGE, "the engine is in the middle of this call")
        self._inside, self._host.failure = True, None
        self._sweep()
        return self

    def __exit__(self, _, error, __):
        self._sweep()
        self._inside = False
        failure, self._host.failure = self._host.failure, None
        self._lock.release()
        if failure is not None and failure is not error:
            if error is None or not isinstance(failure, Exception):
                raise failure
            raise error from failure

    def check_outside(self):
        """Raises where a function of Python's that a guest has called asks."""
        with self._lock:
            if self._inside:
                raise SpinError(Kind.USAGE, "the engine is in the middle of this call")

    def _sweep(self):
        while self._left:
            self.free(self._left.popleft())

    def free(self, instance):
        if instance in self.live:
            self.live.remove(instance)
            lib.spin_instance_free(instance)

    def abandon(self, instance):
        self._left.append(instance)

    def close(self):
        with self:
            for instance in list(self.live):
                self.free(instance)
            lib.spin_execution_context_free(self.pointer)
            self.pointer = None
            self._host.forget()


class Engine:
    """Holds an application's components, compiled. Several engines are independent of each other.
    Options: max_instances, max_memory (bytes), timeout (seconds), cache_dir, disable_cache,
    variables (a dict; they win over the process's environment)."""

    def __init__(self, application, **options):
        builder, context = Pointer(), Pointer()
        check(lib.spin_engine_builder_new(application.pointer, engine_options(**options), builder))
        check(lib.spin_engine_builder_build(builder, context))
        self._begin(context.value, Host())

    @classmethod
    def _of(cls, pointer, host):
        engine = cls.__new__(cls)
        engine._begin(pointer, host)
        return engine

    def _begin(self, pointer, host):
        self._context = _Context(pointer, host)
        self._finalizer = weakref.finalize(self, self._context.close)

    def close(self):
        """Frees the engine and all instances that are left. Not from inside of a call."""
        self._context.check_outside()
        self._finalizer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def prepare(self, component):
        """A fresh instance of a component."""
        out = Pointer()
        with self._context as context:
            if context.pointer is None:
                raise SpinError(Kind.USAGE, "the engine is closed")
            check(lib.spin_execution_context_prepare_component(
                context.pointer, slice_of(component), None, out))
            context.live.add(out.value)
            return Instance(self, context, out.value)


class Instance:
    """One component, ready to be called, in a store of its own."""

    def __init__(self, engine, context, pointer):
        self._engine, self._context, self._pointer = engine, context, pointer
        self._finalizer = weakref.finalize(self, context.abandon, pointer)

    def close(self):
        """Frees the instance."""
        self._context.check_outside()
        if self._finalizer.detach():
            with self._context as context:
                context.free(self._pointer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, function, *args):
        """Calls an exported function and waits for its end. None where it returns nothing. A Function
        of WIT; of components of the component model a name, "greet" or "ns:pkg/iface@1.0.0#greet"."""
        lowering, result = Lowering(), Value()
        with self._context as context:
            self._check(context)
            if isinstance(function, str):
                name, function = slice_of(function), self._function(function)
                values, count = lowering.arguments(function, args)
                check(lib.spin_component_call(self._pointer, name, values, count,
                                              ctypes.byref(result)))
            else:
                values, count = lowering.arguments(function, args)
                check(lib.spin_value_call(self._pointer, function.pointer, values, count,
                                          ctypes.byref(result)))
            if not function.result_pointer:
                return None
            try:
                return lift(function.result_pointer, result)
            finally:
                lib.spin_value_clear(ctypes.byref(result))

    def _check(self, context):
        if not self._finalizer.alive or self._pointer not in context.live:
            raise SpinError(Kind.USAGE, "the instance is closed")

    def _function(self, name):
        out = Pointer()
        check(lib.spin_component_function(self._pointer, slice_of(name), out))
        return Function(self, out.value)

    def drop(self, handle):
        """Gives up a handle of a resource that the component implements: its destructor runs."""
        with self._context as context:
            self._check(context)
            check(lib.spin_component_drop(self._pointer, handle))
