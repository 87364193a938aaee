#!/usr/bin/env python3
"""Calls a component: component.py [FILE [NAME]]."""

import sys
from pathlib import Path

import spin

PLAIN = Path(__file__).resolve().parents[3] / "tests/component/guests/plain.wasm"


# doc: greet
def greet(path, name):
    component = spin.Component.load(path)
    for item in component.exports:
        print(item.name, item.function or "")

    # Once: say what it may import, compile it.
    builder = spin.EngineBuilder(timeout=5)
    builder.add_component("greeter", component)
    builder.define_function("example:app/host@1.0.0", "log", lambda line: print(line))

    # For each event: a fresh instance, a call, the end.
    with builder.build() as engine, engine.prepare("greeter") as instance:
        return instance.call("test:guests/text@1.0.0#greet", name)
# doc: end


if __name__ == "__main__":
    print(greet(*(sys.argv[1:3] + [PLAIN, "you"][len(sys.argv) - 1:])))
