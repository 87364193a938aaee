"""The wheel has no code of its own to compile. With SPIN_WHEEL_LIBRARY naming a libspin.so it carries
that along, and is of this platform alone."""
import os
import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

LIBRARY = os.environ.get("SPIN_WHEEL_LIBRARY")


class BuildWithLibrary(build_py):
    def run(self):
        super().run()
        if LIBRARY:
            target = Path(self.build_lib) / "spin" / "libspin.so.0"
            shutil.copyfile(LIBRARY, target)


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return bool(LIBRARY)


def commands():
    """A tag that says: any Python, this platform."""
    try:
        from setuptools.command.bdist_wheel import bdist_wheel
    except ImportError:
        try:
            from wheel.bdist_wheel import bdist_wheel
        except ImportError:
            return {"build_py": BuildWithLibrary}

    class PlatformWheel(bdist_wheel):
        def get_tag(self):
            platform = super().get_tag()[2]
            return "py3", "none", platform if LIBRARY else "any"

    return {"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel}


setup(cmdclass=commands(), distclass=PlatformDistribution)
