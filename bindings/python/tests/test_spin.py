"""What the package promises, against the guests of the repository."""

import gc
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
import urllib.request
from pathlib import Path

import spin
from spin import Err, Kind, Ok, Some, SpinError, Variant

ROOT = Path(__file__).resolve().parents[3]
ECHO = ROOT / "examples/spin-timer-echo/guest/echo.wasm"
HELLO = ROOT / "examples/hello/hello.wasm"
KINDS = """package test:it;
interface api {
  record all {
    b: bool, %s8: s8, %u8: u8, %s16: s16, %u16: u16, %s32: s32, %u32: u32, %s64: s64, %u64: u64,
    %f32: f32, %f64: f64, c: char, text: string, bytes: list<u8>, %list: list<u16>,
    pair: tuple<string, u32>, v: choice, e: hue, o: option<string>, oo: option<option<u8>>,
    r: result<u32, string>, fl: bits,
  }
  variant choice { num(u32), text(string), none }
  enum hue { red, green, dark-blue }
  flags bits { read, write, run-it }
}
world w {
  use api.{all};
  export plain: func(x: list<all>) -> list<all>;
}"""
EVERYTHING = {
    "b": True, "s8": -128, "u8": 255, "s16": -32768, "u16": 65535, "s32": -1 << 31,
    "u32": (1 << 32) - 1, "s64": -1 << 63, "u64": (1 << 64) - 1, "f32": -1.5, "f64": 0.1, "c": "é",
    "text": "héllo\0", "bytes": b"\0\xff", "list": [1, 2], "pair": ("a", 7),
    "v": Variant("text", "x"), "e": "dark-blue", "o": "here", "oo": Some(None), "r": Err("no"),
    "fl": frozenset({"read", "run-it"}),
}


def function(text, name):
    return spin.Wit.parse(text).function(name)


ECHO_FUNCTION = function("echo: function(msg: string) -> string", "echo")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext_(tempfile.TemporaryDirectory()))

    def enterContext_(self, manager):  # unittest has it since 3.11
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def application(self, guest, trigger='{ type = "http", base = "/" }'):
        route = 'route = "/..."\n' if "http" in trigger else ""
        (self.folder / "it.wasm").write_bytes(Path(guest).read_bytes())
        (self.folder / "spin.toml").write_text(
            f'spin_version = "1"\nname = "test"\nversion = "1.2.3"\ntrigger = {trigger}\n'
            f'[[component]]\nid = "it"\nsource = "it.wasm"\n[component.trigger]\n{route}')
        return spin.Application.load(self.folder)

    def engine(self, guest):
        application = self.application(ROOT / f"tests/engine/guests/{guest}.wasm")
        engine = spin.Engine(application, disable_cache=True, timeout=5)
        self.addCleanup(engine.close)
        return engine

    def fails(self, kind, part):
        outer = self

        class Fails:
            def __enter__(self):
                return self

            def __exit__(self, kind_of, exception, _):
                outer.assertIsInstance(exception, SpinError)
                outer.assertIs(exception.kind, kind, str(exception))
                outer.assertIn(part, str(exception))
                self.exception = exception
                return True
        return Fails()


class Basics(Case):
    def test_errors_have_kind_text_and_position(self):
        with self.fails(Kind.NOT_FOUND, "/nowhere/spin.toml"):
            spin.Application.load("/nowhere/spin.toml")
        with self.fails(Kind.INVALID, "bad.wit:3:") as caught:
            spin.Wit.parse("package a:b;\nworld w {\n  export x: func(;\n}", "bad.wit")
        self.assertEqual((caught.exception.position.file, caught.exception.position.line),
                         ("bad.wit", 3))
        with self.fails(Kind.NOT_FOUND, "echo"):
            spin.Wit.parse("echo: function(msg: string) -> string").function("ecko")
        self.assertEqual(str(Kind.NOT_FOUND), "not found")

    def test_application(self):
        it = self.application(HELLO, '{ type = "http", base = "/x" }')
        self.assertEqual((it.name, it.version, it.trigger_type, it.components,
                          it.trigger_settings["base"]), ("test", "1.2.3", "http", ["it"], "/x"))

    def test_texts_with_a_nul_are_refused(self):
        for use in (spin.Application.load, spin.Application.load_locked, spin.Wit.load,
                    lambda path: spin.Wit.parse("", path),
                    lambda path: spin.HttpService(self.application(HELLO), path)):
            with self.assertRaises(ValueError):
                use("/dev/null\0.toml")

    def test_functions_describe_themselves(self):
        it = function("package a:b; interface i { f: func(a: list<u8>, b: u32) -> bool; }", "f")
        self.assertEqual(str(it), "f: func(a: list<u8>, b: u32) -> bool")

    def test_log(self):
        with self.assertLogs("spin-test", logging.DEBUG) as logged:
            spin.set_log(logging.getLogger("spin-test"), logging.DEBUG)
            self.engine("abi_value").close()
            spin.set_log(None)
        self.assertTrue(any("compiling component=it" in line for line in logged.output), logged.output)


class Values(Case):
    def test_every_kind_goes_through_a_guest(self):
        plain = function(KINDS, "plain")
        other = {**EVERYTHING, "v": Variant("none"), "o": None, "oo": None, "r": Ok(3),
                 "fl": frozenset(), "list": []}
        with self.engine("abi_value").prepare("it") as instance:
            for _ in range(50):
                self.assertEqual(instance.call(plain, [EVERYTHING, other]), [EVERYTHING, other])
        text = plain.params[0].format([EVERYTHING])
        self.assertIn("e: dark-blue", text)
        self.assertIn("{read, run-it}", text)

    def test_objects_are_records(self):
        it = function("package a:b; interface i { record r { first-name: string, age: option<u8> }"
                      " f: func(r: r); }", "f")
        self.assertEqual(it.params[0].format(types.SimpleNamespace(first_name="Ann")),
                         it.params[0].format({"first-name": "Ann"}))

    def test_wrong_values_are_errors(self):
        cases = {
            "u8": [256, -1, "1", None, True, 1.0], "s8": [128, -129], "u64": [-1, 1 << 64],
            "bool": [1], "f32": ["x", True], "char": ["", "ab", "\ud800", 97],
            "string": [b"x", "\ud800"], "list<u8>": [[300], "x"], "tuple<u8, u8>": [(1,)],
            "result<u8>": [1, Err(1)], "option<u8>": ["x"], "list<u8, 2>": [[1, 2, 3]],
            "f64": [10 ** 400], "r": [5, "ann", None, [1]],
        }
        for kind, values in cases.items():
            it = function("package a:b; interface i { record r { age: option<u8> } "
                          f"f: func(x: {kind}); }}", "f")
            for value in values:
                with self.subTest(kind=kind, value=value), self.fails(Kind.INVALID, ""):
                    it.params[0].format(value)
        plain = function(KINDS, "plain")
        with self.fails(Kind.INVALID, "[0]: .e: hue has no 'yellow'"):
            plain.params[0].format([{**EVERYTHING, "e": "yellow"}])
        with self.fails(Kind.INVALID, "takes 1 arguments and got 0"):
            self.engine("abi_value").prepare("it").call(plain)

    def test_rare_types_go_through_a_guest(self):
        bits = ", ".join(f"bit{i}" for i in range(40))
        cases = {
            "map<u64, string>": {(1 << 64) - 1: "", 0: "\U0001f600 é"}, "list<u8, 3>": [1, 2, 3],
            "many": frozenset({"bit0", "bit31", "bit32", "bit39"}), "f64": float("inf"),
            "string": "", "list<u8>": b"", "own<thing>": 7, "option<own<thing>>": None,
            "tuple<char, s64>": ("\U0010ffff", -1 << 63), "map<string, list<string>>": {"": [""]},
        }
        with self.engine("abi_value").prepare("it") as instance:
            def through(kind, values):
                wit = (f"package a:b; interface i {{ resource thing; flags many {{ {bits} }} }} "
                       f"world w {{ use i.{{thing, many}}; "
                       f"export plain: func(x: list<{kind}>) -> list<{kind}>; }}")
                return instance.call(function(wit, "plain"), values)
            for kind, value in cases.items():
                with self.subTest(kind=kind):
                    self.assertEqual(through(kind, [value, value]), [value, value])
            for kind in ("f32", "f64"):
                self.assertNotEqual(*through(kind, [float("nan")]) * 2)

    def test_a_mebibyte_goes_through_a_guest_fast(self):
        big = bytes(range(256)) * 4096
        echo = function("echo: function(msg: list<u8>) -> list<u8>", "echo")
        with spin.Engine(self.application(ECHO), disable_cache=True) as engine:
            instance = engine.prepare("it")
            self.assertEqual(instance.call(echo, big), b"ECHO: " + big)
            start = time.monotonic()
            for _ in range(10):
                engine.prepare("it").call(echo, big)
            self.assertLess(time.monotonic() - start, 5)  # by elements it would take longer


class Engines(Case):
    def test_traps_and_closed_things_are_errors(self):
        wit = spin.Wit.parse("package a:b; world w { export set: func(a: s32, b: s32);"
                             " export echo: func(msg: string) -> string; }")
        engine = self.engine("abi_canonical")
        instance = engine.prepare("it")
        self.assertIsNone(instance.call(wit.function("set"), 0, 6))
        with self.fails(Kind.TRAP, 'component "it"'):
            instance.call(wit.function("echo"), "x")
        with self.fails(Kind.NOT_FOUND, "nobody"):
            engine.prepare("nobody")
        instance.close()
        instance.close()
        with self.fails(Kind.USAGE, "closed"):
            instance.call(wit.function("echo"), "x")
        left = engine.prepare("it")
        engine.close()
        with self.fails(Kind.USAGE, "closed"):
            left.call(wit.function("echo"), "x")
        with self.fails(Kind.USAGE, "closed"):
            engine.prepare("it")

    def test_two_engines_and_many_threads(self):
        echo = function("package a:b; world w { export plain: func(x: string) -> string; }", "plain")
        engines, answers = [self.engine("abi_value"), self.engine("abi_value")], []

        def work(engine, number):
            for i in range(25):
                instance = engine.prepare("it")
                answers.append(instance.call(echo, f"{number} {i}") == f"{number} {i}")
                if i % 2:
                    instance.close()  # the others are for the finalizer

        threads = [threading.Thread(target=work, args=(engine, n)) for engine in engines
                   for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        gc.collect()
        self.assertEqual(answers, [True] * 200)
        for engine in engines:
            with engine._context as context:
                self.assertEqual(context.live, set())

    def test_memory_does_not_grow(self):
        plain, engine = function(KINDS, "plain"), self.engine("abi_value")
        big = [{**EVERYTHING, "bytes": bytes(10_000)}]

        def resident():
            return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        def work(rounds):
            for _ in range(rounds):
                with engine.prepare("it") as instance:
                    instance.call(plain, big)
                with self.fails(Kind.INVALID, ""):
                    spin.Wit.parse("package")

        work(50)
        before = resident()
        work(1000)  # 10 MB, if a value of each round were lost
        self.assertLess(resident() - before, 5 << 20)


class Http(Case):
    def test_serves_and_stops(self):
        application = self.application(HELLO)
        options = {"log_dir": self.folder / "logs", "engine": {"disable_cache": True}}
        with spin.HttpService(application, "127.0.0.1:0", **options) as service:
            with self.fails(Kind.EXISTS, service.address):
                spin.HttpService(application, service.address, **options)
            service.start()
            with urllib.request.urlopen(f"http://{service.address}/", timeout=20) as answer:
                self.assertIn(b"Hello", answer.read())
            self.assertFalse(service.wait(0.01))
            service.stop()
            self.assertTrue(service.wait(30))
            with self.fails(Kind.USAGE, "has run"):
                service.run()
        service.stop()
        with self.fails(Kind.USAGE, 'not "http"'):
            spin.HttpService(self.application(HELLO, '{ type = "other" }'))

    def test_variables_have_the_values_of_the_options(self):
        engine = {"disable_cache": True, "variables": {"currency": "a=b", "not_there": "x"}}
        application = spin.Application.load(ROOT / "examples/many/apps/shop.example")
        with spin.HttpService(application, "127.0.0.1:0", log_dir=self.folder / "logs",
                              engine=engine) as service:
            gc.collect()
            service.start()
            with urllib.request.urlopen(f"http://{service.address}/?key=price", timeout=20) as answer:
                self.assertIn(b"100 a=b", answer.read())
            service.stop()
            service.wait()
        with self.fails(Kind.USAGE, "name"):
            spin.Engine(application, variables={"": "x"})

    def test_a_closed_service_neither_starts_nor_waits(self):
        options = {"log_dir": self.folder / "logs", "engine": {"disable_cache": True}}
        service = spin.HttpService(self.application(HELLO), "127.0.0.1:0", **options)
        service.close()
        with self.fails(Kind.USAGE, "closed"):
            service.start()
        self.assertTrue(service.wait(1))

    def test_ctrl_c_ends_a_run_on_the_main_thread(self):
        self.application(HELLO)
        code = ("import spin, sys; it = spin.HttpService(spin.Application.load(sys.argv[1]), "
                "'127.0.0.1:0', log_dir=sys.argv[1]); print('made', flush=True); it.run()")
        with subprocess.Popen([sys.executable, "-c", code, self.folder], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as it:
            timer = threading.Timer(20, it.kill)
            timer.start()
            it.stdout.readline()
            time.sleep(0.3)
            it.send_signal(signal.SIGINT)
            errors = it.communicate()[1]
            timer.cancel()
        self.assertIn("KeyboardInterrupt", errors)
        self.assertEqual(it.returncode, -signal.SIGINT)


class Triggers(Case):
    def run_timer(self, trigger, settings=""):
        application = self.application(ECHO, f'{{ type = "timer"{settings} }}')
        options = {"shutdown_timeout": 1, "engine": {"disable_cache": True}}
        with spin.TriggerService("timer", trigger, application, **options) as service:
            watchdog = threading.Timer(20, service.stop)
            watchdog.start()
            try:
                service.run()
            finally:
                watchdog.cancel()

    def test_timer_echo(self):
        answers = []

        def timer(setup):
            interval, component = setup.settings.duration("interval"), setup.application.components[0]

            def tick(worker):
                def done(answer, error):
                    answers.append(error or answer)
                    if len(answers) == 5:
                        worker.stop()
                worker.call(component, ECHO_FUNCTION, [f"tick {len(answers) + 1}"], done)
            return lambda worker: worker.every(interval, tick)

        self.run_timer(timer, ', interval = "10ms"')
        self.assertEqual(answers, [f"ECHO: tick {n}" for n in range(1, 6)])

    def test_settings(self):
        def reading(read):
            def trigger(setup):
                read(setup.settings, setup)
                return lambda worker: worker.stop()
            return trigger

        seen = []
        self.run_timer(reading(lambda it, setup: seen.extend([
            it.text("text"), it.boolean("flag", default=True), it.integer("number", 0, 9, default=7),
            it.duration("wait", default=3), it.duration("short"), it.value("deep"), it.value("none"),
            setup.component_settings("nobody"), setup.component_settings("it") is not None,
        ])), ', text = "x", short = "250ms", deep = { a = [1] }')
        self.assertEqual(seen, ["x", True, 7, 3, 0.25, {"a": [1]}, None, None, True])
        with self.fails(Kind.INVALID, "spin.toml:4:") as caught:
            self.run_timer(reading(lambda it, _: it.duration("interval")), ', interval = "soon"')
        self.assertEqual(caught.exception.position.line, 4)
        self.assertGreater(caught.exception.position.column, 1)
        with self.fails(Kind.INVALID, "interval"):
            self.run_timer(reading(lambda it, _: it.duration("interval")))

        def refuse(it, _):
            raise it.error("x", "100% wrong")
        with self.fails(Kind.INVALID, "trigger.x: 100% wrong"):
            self.run_timer(reading(refuse))
        with self.fails(Kind.INVALID, "surplus"):
            self.run_timer(reading(lambda *_: None), ", surplus = 1")

    def test_callbacks_that_fail(self):
        def raising(*_):
            raise ValueError("100% ours")

        with self.fails(Kind.INTERNAL, "ValueError: 100% ours"):
            self.run_timer(raising)
        with self.fails(Kind.INTERNAL, "TypeError"):
            self.run_timer(lambda setup: None)
        with self.fails(Kind.INTERNAL, "ValueError: 100% ours"):
            self.run_timer(lambda setup: raising)
        with self.fails(Kind.USAGE, "interval of 0"):
            self.run_timer(lambda setup: lambda worker: worker.every(0, raising))
        starts = [
            lambda worker: worker.every(0.001, raising),
            lambda worker: worker.post(raising),
            lambda worker: worker.post(lambda worker: worker.call(
                "it", ECHO_FUNCTION, ["x"], raising)),
        ]
        for start in starts:
            with self.assertRaisesRegex(ValueError, "100% ours"):
                self.run_timer(lambda setup, start=start: start)
        with self.fails(Kind.NOT_FOUND, "nobody"):
            self.run_timer(lambda setup: lambda worker: worker.post(
                lambda worker: worker.call("nobody", ECHO_FUNCTION, ["x"], raising)))

    def test_an_exception_without_text_is_one_too(self):
        class Mute(Exception):
            def __str__(self):
                raise ValueError("no text")

        def trigger(setup):
            raise Mute
        with self.fails(Kind.INTERNAL, "Mute"):
            self.run_timer(trigger)

    def test_what_is_over_is_of_no_use(self):
        kept, refused = [], []

        def trigger(setup):
            kept.extend([lambda: setup.settings, lambda: setup.application,
                         lambda: setup.component_settings("it")])
            settings = setup.settings
            kept.extend([lambda: settings.text("x", default=""), lambda: settings.value("x"),
                         lambda: settings.error("x", "wrong")])

            def start(worker):
                kept.extend([lambda: worker.every(1, print), worker.hold, worker.release,
                             lambda: worker.call("it", ECHO_FUNCTION, ["x"], print)])

                def elsewhere():
                    for use in kept:
                        try:
                            use()
                        except SpinError as error:
                            refused.append(error.kind)
                thread = threading.Thread(target=elsewhere)
                thread.start()
                thread.join()
                worker.stop()
            return start

        self.run_timer(trigger)
        self.assertEqual(refused, [Kind.USAGE] * 10)
        for use in kept:
            with self.fails(Kind.USAGE, ""):
                use()

    def test_a_trigger_sees_its_whole_life(self):
        calls = []

        class Full(spin.Trigger):
            def start(self, worker):
                calls.append("start")
                worker.hold()
                threading.Thread(target=worker.post, args=(lambda worker: worker.stop(),)).start()

            def stop(self, worker):
                calls.append("stop")
                worker.release()

            def end(self, worker):
                calls.append("end")

            def close(self):
                calls.append("close")

        self.run_timer(Full())
        self.assertEqual(calls, ["start", "stop", "end", "close"])

    def test_stop_before_the_run_and_from_a_signal(self):
        application = self.application(ECHO, '{ type = "timer" }')
        idle = spin.TriggerService("timer", lambda setup: lambda worker: None, application)
        idle.stop()
        idle.run()
        idle.close()
        old = signal.signal(signal.SIGUSR1, lambda *_: again.stop())
        self.addCleanup(signal.signal, signal.SIGUSR1, old)
        with spin.TriggerService("timer", lambda setup: lambda worker: None, application) as again:
            again.start()
            os.kill(os.getpid(), signal.SIGUSR1)
            end = time.monotonic() + 20
            while not again.wait(0.05):
                self.assertLess(time.monotonic(), end)


if __name__ == "__main__":
    unittest.main()
