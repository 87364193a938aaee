"""Components of the component model, against the guests of the repository."""

import gc
import os
import subprocess
import sys
import threading
import unittest
import weakref
from pathlib import Path

import spin
from spin import Component, EngineBuilder, Err, ItemKind, Kind, Ok, Some, SpinError, Variant

ROOT = Path(__file__).resolve().parents[3]
RUN = ROOT / "tests/engine/components/run.wasm"
VALUES = ROOT / "tests/engine/components/values.wasm"
TEXT, FILES, THINGS = "test:host/text@1.2.0", "test:host/files@0.2.1", "test:it/things@1.0.0#"
ONE = {
    "b": True, "s8": -128, "u8": 255, "s16": -32768, "u16": 65535, "s32": -1 << 31,
    "u32": (1 << 32) - 1, "s64": -1 << 63, "u64": (1 << 64) - 1, "f32": -1.5, "f64": 0.1, "c": "é",
    "text": "héllo\0", "bytes": b"\0\xff", "list": [1, 2], "pair": ("a", 7),
    "v": Variant("text", "x"), "e": "dark-blue", "o": "here", "oo": Some(None), "r": Err("no"),
    "fl": frozenset({"read", "run-it"}),
}
OTHER = {**ONE, "v": Variant("none"), "o": None, "oo": None, "r": Ok(3), "fl": frozenset(),
         "list": [], "bytes": b"", "text": ""}


class Host:
    """What run.wasm imports."""

    def __init__(self, case, upper=str.upper):
        self.dropped, self.sizes = [], {}
        builder = EngineBuilder(disable_cache=True, timeout=5)
        builder.add_component("it", Component.load(RUN))
        builder.define_function(TEXT, "upper", upper)
        builder.define_function("test:host/text@1.4.2", "later", lambda n: n + 1)
        builder.define_function(FILES, "open", self.open)
        builder.define_function(FILES, "[method]file.size", self.sizes.get)
        builder.define_resource(FILES, "file", self.dropped.append)
        self.engine = builder.build()
        self.instance = self.engine.prepare("it")
        case.addCleanup(self.engine.close)

    def open(self, name):
        number = (1 << 40) + len(self.sizes)
        self.sizes[number] = len(name)
        return number


class Components(unittest.TestCase):
    def fails(self, kind, part):
        return _Fails(self, kind, part)

    def values(self, through):
        builder = EngineBuilder(disable_cache=True, timeout=5)
        builder.add_component("it", Component.load(VALUES))
        builder.define_function("", "pass", through)
        engine = builder.build()
        self.addCleanup(engine.close)
        return engine.prepare("it")

    def test_a_component_can_be_looked_at(self):
        it = Component.parse(RUN.read_bytes())
        names = {item.name: item for item in it.exports}
        self.assertEqual(str(names["add"].function), "add: func(a: u32, b: u32) -> u32")
        self.assertEqual(names["hue"].kind, ItemKind.TYPE)
        self.assertEqual(names["hue"].type.format("green"), "green")
        self.assertEqual(names["test:it/things@1.0.0"].kind, ItemKind.INSTANCE)
        self.assertEqual(names[THINGS + "thing"].kind, ItemKind.RESOURCE)
        imports = [item.name for item in it.imports]
        self.assertIn(TEXT + "#upper", imports)
        self.assertIn("upper: func(s: string) -> string", it.wit())
        self.assertIn("(component", it.print())
        function = names["add"].function
        del it, names
        gc.collect()
        self.assertEqual(str(function.result), "u32")

    def test_errors_have_kind_and_position(self):
        with self.fails(Kind.INVALID, "") as caught:
            Component.parse(RUN.read_bytes()[:-1])
        self.assertIsNotNone(caught.exception.position.offset)
        with self.fails(Kind.NOT_FOUND, "nowhere"):
            Component.load("/nowhere.wasm")
        with self.fails(Kind.NOT_FOUND, "nothing"):
            Component.load(RUN).module("nothing")
        builder = EngineBuilder()
        builder.add_component("it", Component.load(RUN))
        with self.fails(Kind.USAGE, "it"):
            builder.add_component("it", Component.load(RUN))
        with self.assertRaises(TypeError):
            builder.define_function(TEXT, "upper", "upper")
        with self.fails(Kind.INVALID, "does not offer"):
            builder.build()
        with self.fails(Kind.USAGE, "built"):
            builder.build()
        EngineBuilder().add_component("it", Component.load(RUN))  # and never built

    def test_every_kind_goes_through_guest_and_host(self):
        seen = []
        instance = self.values(lambda x: seen.append(x) or x)
        for _ in range(20):
            self.assertEqual(instance.call("echo", [ONE, OTHER]), [ONE, OTHER])
            self.assertEqual(instance.call("pass", [OTHER, ONE]), [OTHER, ONE])
        self.assertEqual(seen, [[OTHER, ONE]] * 20)

    def test_functions_of_the_host(self):
        host = Host(self)
        self.assertEqual(host.instance.call("add", 40, 2), 42)
        self.assertEqual(host.instance.call("shout", "naïve \U0001f388"), "NAÏVE \U0001f388")
        self.assertEqual(host.instance.call("echo-list", b"\xff\0\x80"), b"\xff\0\x80")
        self.assertEqual(host.instance.call("wait", 6), 7)
        self.assertIsNone(host.instance.call("keep", "x"))
        with self.fails(Kind.NOT_FOUND, 'did you mean "add"'):
            host.instance.call("adt")
        with self.fails(Kind.INVALID, "takes 2 arguments and got 1"):
            host.instance.call("add", 1)
        with self.fails(Kind.INVALID, "argument 2"):
            host.instance.call("add", 1, "x")
        with self.fails(Kind.TRAP, 'component "it"'):
            host.instance.call("fail")

    def test_they_run_on_the_callers_thread_and_stack(self):
        """Not on the guest's: this takes more than that has."""
        def deep(n):
            return threading.get_ident() if n == 0 else max(map(deep, [n - 1]))
        found = []
        host = Host(self, lambda text: found.append(deep(300)) or text)
        host.instance.call("shout", "x")
        self.assertEqual(found, [threading.get_ident()])

    def test_what_they_raise_traps_the_guest(self):
        for given in ValueError("not %s this"), SpinError(Kind.DENIED, "not you"):
            def fail(_, given=given):
                raise given
            host = Host(self, fail)
            with self.subTest(given=given), self.fails(Kind.TRAP, str(given)) as caught:
                host.instance.call("shout", "x")
            self.assertIs(caught.exception.__cause__, given)
            with self.fails(Kind.TRAP, "cannot enter"):
                host.instance.call("add", 1, 2)
            self.assertEqual(host.engine.prepare("it").call("add", 1, 2), 3)

        def interrupt(_):
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            Host(self, interrupt).instance.call("shout", "x")
        for wrong in (None, 5, b"x"):
            with self.subTest(wrong=wrong), self.fails(Kind.TRAP, "string is wanted"):
                Host(self, lambda _, wrong=wrong: wrong).instance.call("shout", "x")
        with self.fails(Kind.TRAP, "hue has no 'yellow'"):
            self.values(lambda x: [{**ONE, "e": "yellow"}]).call("pass", [ONE])

    def test_they_can_not_use_their_engine(self):
        uses = [lambda: host.instance.call("add", 1, 2), lambda: host.engine.prepare("it"),
                lambda: host.engine.close(), lambda: host.instance.close(),
                lambda: host.instance.drop(1)]
        failed = []

        def upper(text):
            for use in uses:
                try:
                    use()
                except SpinError as error:
                    failed.append(error.kind)
            gc.collect()
            return text
        host = Host(self, upper)
        self.assertEqual(host.instance.call("shout", "x"), "x")
        self.assertEqual(failed, [Kind.USAGE] * len(uses))
        other = Host(self, lambda text: host.instance.call("shout", text) + "!")
        self.assertEqual(other.instance.call("shout", "x"), "x!")  # another engine is all right

    def test_resources_of_the_host(self):
        host = Host(self)
        self.assertEqual(host.instance.call("measure", "abc"), 3)
        self.assertEqual(host.dropped, [1 << 40])
        host.instance.call("keep", "left")
        self.assertEqual(host.dropped, [1 << 40])
        host.instance.close()
        self.assertEqual(host.dropped, [1 << 40, (1 << 40) + 1])

    def test_what_a_drop_raises_is_raised_by_the_call(self):
        class Broken(Exception):
            pass

        def broken(_):
            raise Broken
        builder = EngineBuilder(disable_cache=True)
        builder.add_component("it", Component.load(RUN))
        for name in "upper", "later":
            builder.define_function(TEXT, name, lambda x: x)
        builder.define_function(FILES, "open", lambda name: 1)
        builder.define_function(FILES, "[method]file.size", lambda file: 5)
        builder.define_resource(FILES, "file", broken)
        with builder.build() as engine:
            instance = engine.prepare("it")
            with self.assertRaises(Broken):
                instance.call("measure", "x")
            instance.call("keep", "x")
            with self.assertRaises(Broken):
                instance.close()

    def test_resources_of_the_guest(self):
        it = Host(self).instance
        first, second = (it.call(THINGS + "[constructor]thing", n) for n in (30, 5))
        self.assertEqual(it.call(THINGS + "[method]thing.value", first), 30)
        it.call(THINGS + "swallow", first)
        self.assertEqual(it.call(THINGS + "dropped"), 30)
        it.drop(second)
        self.assertEqual(it.call(THINGS + "dropped"), 35)
        for handle in second, 12345, (1 << 32) + second:
            with self.fails(Kind.INVALID, "not a handle"):
                it.drop(handle)
        it.close()
        with self.fails(Kind.USAGE, "closed"):
            it.drop(1)

    def test_nothing_is_kept(self):
        from spin._ffi import objects
        before = len(objects)

        class Big:
            def __call__(self, text):
                return text
        big = Big()
        gone = weakref.ref(big)
        host = Host(self, big)
        self.assertEqual(host.instance.call("shout", "x"), "x")
        self.assertGreater(len(objects), before)
        host.engine.close()
        del host, big
        self.doCleanups()
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual(len(objects), before)

    def test_the_example_runs(self):
        env = {**os.environ, "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", "/tmp")}
        run = subprocess.run([sys.executable, ROOT / "bindings/python/examples/component.py"],
                             capture_output=True, text=True, timeout=60, env=env)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(run.stdout.splitlines()[-1], "Hello, you!")
        self.assertIn("greet: func(name: string) -> string", run.stdout)


class _Fails:
    """As Case.fails of test_spin.py."""

    def __init__(self, case, kind, part):
        self.case, self.kind, self.part = case, kind, part

    def __enter__(self):
        return self

    def __exit__(self, _, exception, __):
        self.case.assertIsInstance(exception, SpinError)
        self.case.assertIs(exception.kind, self.kind, str(exception))
        self.case.assertIn(self.part, str(exception))
        self.exception = exception
        return True


if __name__ == "__main__":
    unittest.main()
