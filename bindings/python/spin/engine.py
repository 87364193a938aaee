"""Engines: an application's components, compiled, and instances of them to call."""

import ctypes
import threading
import weakref
from collections import deque

from . import _ffi
from ._ffi import Pointer, Value, lib, slice_of
from .errors import Kind, SpinError, check
from .values import Lowering, lift


def engine_options(max_instances=0, max_memory=0, timeout=None, cache_dir=None, disable_cache=False,
                   variables=None):
    """How guests run, as C has it; zero and None are the defaults. `timeout` is in seconds."""
    return _ffi.EngineOptions(max_instances=max_instances, max_memory_bytes=max_memory,
                              timeout_ms=_ffi.milliseconds(timeout),
                              cache_dir=_ffi.optional(cache_dir), disable_cache=disable_cache,
                              variables=_ffi.pairs(variables or {}),
                              variables_len=len(variables or {}))


class _Context:
    """The context of C and its instances. Threads take turns. A finalizer, which may come in the
    middle of anything, does not wait for its turn: it leaves the instance to the next one."""

    def __init__(self, pointer):
        self.pointer, self.live = pointer, set()
        self._lock, self._left = threading.RLock(), deque()

    def __enter__(self):
        self._lock.acquire()
        self._sweep()
        return self

    def __exit__(self, *_):
        self._sweep()
        self._lock.release()

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


class Engine:
    """Holds an application's components, compiled. Several engines are independent of each other.
    Options: max_instances, max_memory (bytes), timeout (seconds), cache_dir, disable_cache,
    variables (a dict; they win over the process's environment)."""

    def __init__(self, application, **options):
        builder, context = Pointer(), Pointer()
        check(lib.spin_engine_builder_new(application.pointer, engine_options(**options), builder))
        check(lib.spin_engine_builder_build(builder, context))
        self._context = _Context(context.value)
        self._finalizer = weakref.finalize(self, self._context.close)

    def close(self):
        """Frees the engine and all instances that are left."""
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
        if self._finalizer.detach():
            with self._context as context:
                context.free(self._pointer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, function, *args):
        """Calls an exported function and waits for its end. None where it returns nothing."""
        lowering, result = Lowering(), Value()
        values, count = lowering.arguments(function, args)
        with self._context as context:
            if not self._finalizer.alive or self._pointer not in context.live:
                raise SpinError(Kind.USAGE, "the instance is closed")
            check(lib.spin_value_call(self._pointer, function.pointer, values, count,
                                      ctypes.byref(result)))
            if not function.result_pointer:
                return None
            try:
                return lift(function.result_pointer, result)
            finally:
                lib.spin_value_clear(ctypes.byref(result))
