"""Runs WebAssembly applications inside a Python program, by libspin.

    Application.load ──▶ HttpService       serve it over HTTP
                     ──▶ TriggerService    run it on events of your own
                     ──▶ Engine            call its functions
    Component.load   ──▶ EngineBuilder     the same for a component of the component model

What has a `close` is also a context manager. Every error of libspin is a SpinError.
"""

from ._ffi import lib as _lib
from .application import Application
from .component import Component, EngineBuilder, Item, ItemKind
from .engine import Engine, Instance
from .errors import Kind, Position, SpinError
from .log import TRACE, set_log
from .service import HttpService, Service
from .trigger import Settings, Setup, Trigger, TriggerService, Worker
from .values import Err, Ok, Some, Variant
from .wit import Function, Type, Wit

__all__ = ["Application", "Component", "Engine", "EngineBuilder", "Err", "Function", "HttpService",
           "Instance", "Item", "ItemKind", "Kind", "Ok", "Position", "Service", "Settings", "Setup",
           "Some", "SpinError", "TRACE", "Trigger", "TriggerService", "Type", "Variant", "Wit",
           "Worker", "engine_version", "set_log", "version"]


def version():
    """That of libspin, "major.minor.patch"."""
    return _lib.spin_version().decode()


def engine_version():
    """That of the WebAssembly engine inside."""
    return _lib.spin_engine_version().decode()
