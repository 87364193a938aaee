"""Services: triggers that wait for events and run components on them."""

import atexit
import threading
import weakref

from . import _ffi
from ._ffi import Pointer, lib, number_of, objects
from .engine import engine_options
from .errors import Kind, SpinError, check

_running = weakref.WeakSet()


@_ffi.OnWorker
def _on_ready(_, user):
    objects[user].takes_events()


class Service:
    """A running trigger. `HttpService` and `TriggerService` make one; `run` blocks until it is
    stopped, and `start` runs it on a thread of its own."""

    address = None

    def __init__(self):
        self._lock = threading.RLock()  # a signal handler may call stop
        self._pointer = None
        self._used = False
        self._failure = self._result = None
        self._ready, self._ended = threading.Event(), threading.Event()
        self._state = threading.Event()  # ready or ended
        self._tasks = set()  # numbers of what C may still call
        self._number = number_of(self)

    def _common(self, shutdown_timeout, engine):
        """Options that every trigger has. Signals stay Python's."""
        return {"ignore_signals": True, "user": self._number, "ready": _on_ready,
                "shutdown_timeout_ms": _ffi.milliseconds(shutdown_timeout),
                "engine": _ffi.c.pointer(engine_options(**(engine or {})))}

    def takes_events(self):
        self._ready.set()
        self._state.set()

    def keep(self, task):
        number = number_of(task)
        self._tasks.add(number)
        return number

    def drop(self, number):
        self._tasks.discard(number)
        return objects.pop(number)

    def fail(self, exception):
        """Ends the run with the exception of a callback; the first one counts."""
        if self._failure is None:
            self._failure = exception
        self.stop()

    def run(self):
        """Runs until it is stopped. Once for each service. What a callback raised is raised. On the
        main thread it has another one do so, since Python would see no signal from inside of C:
        ^C stops it as `stop` does, and KeyboardInterrupt is raised at its end."""
        self._claim()
        if threading.current_thread() is not threading.main_thread():
            self._run()
        else:
            threading.Thread(target=self._run, daemon=True, name="spin").start()
            try:
                self._ended.wait()
            except BaseException:
                self.stop()
                self._ended.wait()
                raise
        self.wait()

    def _claim(self):
        with self._lock:
            if self._pointer is None or self._used:
                raise SpinError(Kind.USAGE, "the service has run already, or is closed")
            self._used = True

    def _run(self):
        _running.add(self)
        try:
            check(lib.spin_trigger_run(self._pointer))
        except SpinError as error:
            self._result = error
        self._result = self._failure or self._result
        _running.discard(self)
        self._ended.set()
        self._state.set()

    def start(self):
        """Runs in the background; returns when it takes events."""
        self._claim()
        threading.Thread(target=self._run, daemon=True, name="spin").start()
        self._state.wait()
        if not self._ready.is_set():
            self.wait()

    def wait(self, timeout=None):
        """Waits for the end, up to `timeout` seconds, and raises what went wrong. False: it still
        runs."""
        if not self._ended.wait(timeout):
            return False
        if self._result is not None:
            raise self._result
        return True

    def stop(self):
        """Ends it: what is under way is finished first. A second call gives that up too. From any
        thread."""
        with self._lock:
            if self._pointer is not None:
                lib.spin_trigger_stop(self._pointer)

    def close(self):
        """Stops it, waits for its end and frees it. Not from inside its callbacks."""
        with self._lock:
            used, self._used = self._used, True  # it can't begin any more
        if used:
            self.stop()
            self._ended.wait()
        with self._lock:
            pointer, self._pointer = self._pointer, None
        self._ended.set()  # of what never ran: nobody waits for it any more
        if pointer is not None:
            lib.spin_trigger_free(pointer)
        objects.pop(self._number, None)
        for number in self._tasks:
            objects.pop(number, None)
        self._tasks = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@atexit.register
def _stop_all():
    """No thread may be left in C when Python goes."""
    for service in list(_running):
        service.stop()
        service.stop()
        service._ended.wait(5)


class HttpService(Service):
    """Serves an application over HTTP. `listen` is "host:port"; port 0 takes a free one, and
    `address` tells which. `engine` are options of Engine, as a dict."""

    def __init__(self, application, listen=None, *, log_dir=None, follow_all=False,
                 shutdown_timeout=None, engine=None):
        super().__init__()
        self._options = _ffi.HttpOptions(listen=_ffi.optional(listen),
                                         log_dir=_ffi.optional(log_dir), follow_all=follow_all,
                                         **self._common(shutdown_timeout, engine))
        out = Pointer()
        try:
            check(lib.spin_http_trigger_new(application.pointer, self._options, out))
        except SpinError:
            self.close()
            raise
        self._pointer = out.value
        self.address = lib.spin_http_trigger_address(out).decode()
