"""libspin's log, handed to Python's."""

import ctypes
import json
import logging
import os
import threading

from ._ffi import lib

TRACE = 5
_LEVELS = {"error": logging.ERROR, "warn": logging.WARNING, "info": logging.INFO,
           "debug": logging.DEBUG, "trace": TRACE}
_JSON = 1

# Records come from any thread and from the stacks of guests, on which no Python may run: libspin
# writes them into a pipe, and a thread reads them there.
_lock = threading.Lock()
_open = None


def _read(descriptor, logger):
    with open(descriptor, "rb") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            message = [str(record.pop("message", ""))]
            level = _LEVELS.get(record.pop("level", ""), logging.INFO)
            record.pop("time", None)
            message += [f"{key}={value}" for key, value in record.items()]
            logger.log(level, "%s", " ".join(message), extra={"spin": record})


def set_log(logger, level=logging.INFO):
    """Hands records from `level` on to a logger, or to none for None; what came before has been
    handed on when it returns. The fields are the record's `spin`. It counts for the whole process:
    call it while no engine or service is at work."""
    global _open
    with _lock:
        lib.spin_log_configure(None, None, 0, _JSON)
        if _open is not None:
            descriptor, thread = _open
            os.close(descriptor.value)
            thread.join()
            _open = None
        if logger is None:
            return
        source, target = os.pipe()
        thread = threading.Thread(target=_read, args=(source, logger), daemon=True, name="spin-log")
        thread.start()
        _open = ctypes.c_int(target), thread
        most = sum(each >= level for each in _LEVELS.values()) - 1
        sink = ctypes.cast(lib.spin_log_sink_fd, ctypes.c_void_p)
        lib.spin_log_configure(sink, ctypes.addressof(_open[0]), max(0, most), _JSON)
