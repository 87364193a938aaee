"""Applications."""

import ctypes
import json
import weakref

from ._ffi import Pointer, lib, optional
from .errors import check


class Application:
    """What a manifest describes. It does not change; any thread may read it."""

    def __init__(self, pointer):
        self.pointer = pointer
        weakref.finalize(self, lib.spin_application_unref, pointer)

    @classmethod
    def load(cls, path):
        """Loads a spin.toml, or that of a folder."""
        out = Pointer()
        check(lib.spin_loader_load_file(optional(path), None, out))
        return cls(out.value)

    @classmethod
    def load_locked(cls, path=None):
        """Loads what another process has loaded and handed on; None: what `spin up` gives to the
        trigger that it starts."""
        out = Pointer()
        check(lib.spin_loader_load_locked(optional(path), out))
        return cls(out.value)

    @property
    def name(self):
        return str(lib.spin_application_name(self.pointer))

    @property
    def version(self):
        return str(lib.spin_application_version(self.pointer))

    @property
    def trigger_type(self):
        """"http", "redis" or the name of a custom trigger."""
        return str(lib.spin_application_trigger_type(self.pointer))

    @property
    def components(self):
        """The ids, in the manifest's order."""
        each = (lib.spin_application_component(self.pointer, i)
                for i in range(lib.spin_application_component_count(self.pointer)))
        return [str(lib.spin_component_id(component)) for component in each]

    @property
    def trigger_settings(self):
        """The trigger's table of the manifest, as a dict."""
        out = Pointer()
        check(lib.spin_application_trigger_json(self.pointer, out))
        try:
            return json.loads(ctypes.string_at(out.value))
        finally:
            lib.spin_string_free(out)
