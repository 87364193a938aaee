"""Triggers of your own."""

import ctypes
import json
import threading

from . import _ffi
from ._ffi import Pointer, Slice, c_text, lib, objects, slice_of
from .application import Application
from .errors import Kind, SpinError, check, read_error, to_c
from .service import Service
from .values import Lowering, lift


class Trigger:
    """A kind of trigger. Subclasses define `start`, and what else they need; all is called on one
    thread, and none may wait for long. What they raise ends the service."""

    def open(self, setup):
        """Reads the settings of the manifest. One that nobody reads is an error."""

    def start(self, worker):
        """Begins to raise events."""
        raise NotImplementedError

    def stop(self, worker):
        """No new events from now on; what is under way goes on."""

    def end(self, worker):
        """The last call for the worker."""

    def close(self):
        """Frees what `open` got hold of."""


class _FunctionTrigger(Trigger):
    """A function that reads the settings and returns the one that starts the events."""

    def __init__(self, function):
        self._function, self._start = function, None

    def open(self, setup):
        self._start = self._function(setup)
        if not callable(self._start):
            raise TypeError("the trigger returned no function that starts it")

    def start(self, worker):
        self._start(worker)


class Setup:
    """What `open` has at hand. It is of no use after that."""

    def __init__(self, trigger):
        self._pointer = trigger
        self.errors = []  # of readers, kept whole, so that one that is raised keeps its position

    @property
    def _trigger(self):
        if self._pointer is None:
            raise SpinError(Kind.USAGE, "settings are read while the trigger is opened")
        return self._pointer

    @property
    def application(self):
        pointer = lib.spin_trigger_application(self._trigger)
        return Application(lib.spin_application_ref(pointer))

    @property
    def settings(self):
        """The application's trigger table."""
        return Settings(self, lib.spin_trigger_settings(self._trigger))

    def component_settings(self, component):
        """That of a component; None where there is none of that id."""
        application = lib.spin_trigger_application(self._trigger)
        found = lib.spin_application_component_by_id(application, slice_of(component))
        if not found:
            return None
        return Settings(self, lib.spin_trigger_component_settings(self._trigger, found))

    def result(self, exception):
        """What C is told about `open`, which is over."""
        self._pointer = out = None
        for each, pointer in self.errors:
            if out is None and each is exception:
                out = pointer
            else:
                lib.spin_error_free(pointer)
        return out if out is not None or exception is None else to_c(exception)


_REQUIRED = object()


class Settings:
    """Reads a trigger table of the manifest. Without a default a setting is required. Errors have
    the manifest's line and column."""

    def __init__(self, setup, pointer):
        self._setup, self._raw = setup, pointer

    @property
    def _pointer(self):
        return self._setup._trigger and self._raw

    def _check(self, error):
        if error:
            exception = read_error(error)
            self._setup.errors.append((exception, error))
            raise exception

    def _read(self, reader, key, default, out, *limits):
        """True where the manifest has it, so that `out` is set."""
        present = Pointer()
        self._check(lib.spin_settings_json(self._pointer, c_text(key), present))
        lib.spin_string_free(present)
        self._check(reader(self._pointer, c_text(key), default is _REQUIRED, *limits, out))
        return bool(present)

    def text(self, key, default=_REQUIRED):
        out = Slice()
        found = self._read(lib.spin_settings_text, key, default, out)
        return str(out) if found else default

    def boolean(self, key, default=_REQUIRED):
        out = ctypes.c_bool()
        return out.value if self._read(lib.spin_settings_boolean, key, default, out) else default

    def integer(self, key, least=-1 << 63, most=(1 << 63) - 1, default=_REQUIRED):
        out = ctypes.c_int64()
        found = self._read(lib.spin_settings_integer, key, default, out, least, most)
        return out.value if found else default

    def duration(self, key, default=_REQUIRED):
        """In seconds: "250ms", "1s", "5m", "2h", or a whole number of seconds."""
        out = ctypes.c_uint64()
        found = self._read(lib.spin_settings_duration_ms, key, default, out)
        return out.value / 1000 if found else default

    def value(self, key, default=None):
        """Any setting, as JSON has it."""
        out = Pointer()
        self._check(lib.spin_settings_json(self._pointer, c_text(key), out))
        if not out:
            return default
        try:
            return json.loads(ctypes.string_at(out.value))
        finally:
            lib.spin_string_free(out)

    def error(self, key, message):
        """An exception about a setting, at its position, to be raised."""
        text = message.encode(errors="replace").replace(b"\0", b"?").replace(b"%", b"%%")
        error = lib.spin_settings_error(self._pointer, c_text(key), text)
        exception = read_error(error)
        self._setup.errors.append((exception, error))
        return exception


class Worker:
    """Where a trigger runs. Its methods, except `post` and `stop`, are for the callbacks that it
    calls itself, all on one thread. What a callback raises ends the service."""

    def __init__(self, service, pointer):
        self._service, self._pointer = service, pointer
        self._thread = threading.get_ident()

    def _check(self):
        if self._thread != threading.get_ident():
            raise SpinError(Kind.USAGE, "a worker's methods are for its callbacks: see post")

    def finish(self):
        self._thread = None

    def every(self, seconds, function):
        """Calls `function(worker)` at every interval, until the worker stops."""
        self._check()
        self._hand_over(lib.spin_worker_every, (self, function, False),
                        _ffi.milliseconds(seconds), _on_task)

    def post(self, function):
        """Calls `function(worker)` soon. From any thread, until the service is closed."""
        with self._service._lock:
            if self._service._pointer is None:
                raise SpinError(Kind.CANCELLED, "the service is closed")
            self._hand_over(lib.spin_worker_post, (self, function, True), _on_task)

    def call(self, component, function, args, done):
        """Calls a function in a fresh instance of a component and tells `done(result, error)`, one
        of which is None; that may be at once. When this raises, `done` is not called."""
        self._check()
        lowering = Lowering()
        values, count = lowering.arguments(function, args)
        self._hand_over(lib.spin_worker_call, (self, function, done), slice_of(component), None,
                        function.pointer, values, count, _on_called)

    def _hand_over(self, start, task, *args):
        number = self._service.keep(task)
        try:
            check(start(self._pointer, *args, number))
        except BaseException:
            self._service.drop(number)
            raise

    def hold(self):
        """Keeps a graceful stop waiting until as many calls of `release`."""
        self._check()
        lib.spin_worker_hold(self._pointer)

    def release(self):
        """Ends a hold."""
        self._check()
        lib.spin_worker_release(self._pointer)

    def stop(self):
        """Ends the service, as its `stop`. From any thread."""
        self._service.stop()


# ── called from C: nothing may be raised out of these ───────────────────────────────────────


@_ffi.Open
def _on_open(trigger, user, state):
    state[0] = user
    setup = Setup(trigger)
    try:
        objects[user].trigger.open(setup)
    except BaseException as exception:
        return setup.result(exception)
    return setup.result(None)


@_ffi.Start
def _on_start(worker, user):
    service = objects[user]
    service.worker = Worker(service, worker)
    try:
        service.trigger.start(service.worker)
    except BaseException as exception:
        return to_c(exception)
    return None


def _tell(name):
    def on_event(_, user):
        service = objects[user]
        try:
            getattr(service.trigger, name)(service.worker)
        except BaseException as exception:
            service.fail(exception)
        if name == "end":
            service.worker.finish()
    return _ffi.OnWorker(on_event)


_on_stop, _on_end = _tell("stop"), _tell("end")


@_ffi.Close
def _on_close(user):
    service = objects[user]
    try:
        service.trigger.close()
    except BaseException as exception:
        service._failure = service._failure or exception


@_ffi.OnWorker
def _on_task(_, user):
    worker, function, once = objects[user]
    if once:
        worker._service.drop(user)
    try:
        function(worker)
    except BaseException as exception:
        worker._service.fail(exception)


@_ffi.Called
def _on_called(_, error, result, user):
    worker, function, done = objects[user]
    service = worker._service
    service.drop(user)
    try:
        if error:
            exception = read_error(error)
            lib.spin_error_free(error)
            done(None, exception)
        else:
            value = lift(function.result_pointer, result[0]) if result else None
            done(value, None)
    except BaseException as exception:
        service.fail(exception)


class TriggerService(Service):
    """A trigger of your own, for applications whose trigger type is `name`: a Trigger, or a
    function that is given a Setup and returns one that is given the Worker."""

    def __init__(self, name, trigger, application, *, shutdown_timeout=None, engine=None):
        super().__init__()
        self.trigger = trigger if isinstance(trigger, Trigger) else _FunctionTrigger(trigger)
        self.worker = None
        self._type = _ffi.TriggerType(name=_ffi.c_text(name), open=_on_open, close=_on_close,
                                      start=_on_start, stop=_on_stop, end=_on_end)
        self._options = _ffi.TriggerOptions(**self._common(shutdown_timeout, engine))
        out = Pointer()
        try:
            check(lib.spin_trigger_new(self._type, self._number, application.pointer, self._options,
                                       out))
        except SpinError:
            self.close()
            raise
        self._pointer = out.value
