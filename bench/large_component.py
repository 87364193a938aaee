#!/usr/bin/env python3
"""Writes a component of about 10 MB, to measure what happens to one before it is compiled:

    large_component.py FILE [MEGABYTES]

One core module of many functions with calls, memory accesses, globals and tables in them (so that
much has to be renumbered), instantiated beside a small one whose memory and function it imports.
"""
import sys


def leb(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def signed(value):
    """A non-negative number as signed LEB128."""
    out = bytearray()
    while value >= 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def name(text):
    return leb(len(text)) + text.encode()


def vector(items):
    return leb(len(items)) + b"".join(items)


def section(kind, content):
    return bytes([kind]) + leb(len(content)) + content


CORE = b"\0asm\1\0\0\0"
I32 = b"\x7f"


def small_module():
    """Exports a memory "m" and a function "f": (i32) -> i32."""
    code = b"\0\x20\0\x0b"
    return (CORE + section(1, vector([b"\x60\1" + I32 + b"\1" + I32])) + section(3, vector([b"\0"]))
            + section(5, vector([b"\0\1"]))
            + section(7, vector([name("m") + b"\2\0", name("f") + b"\0\0"]))
            + section(10, vector([leb(len(code)) + code])))


def body(number, functions):
    """A function that calls five others and does as compiled code does in between."""
    code = b"\1\3" + I32  # three locals
    for i in range(5):
        callee = (number * 7 + i * 131) % functions
        code += b"\x20\0\x21\1"                                     # local 1 = local 0
        code += b"\x20\1\x28\2" + leb(number * 4 % 60000)           # load
        code += b"\x20\1\x41" + signed(callee) + b"\x6a\x21\2"      # local 2 = local 1 + constant
        code += b"\x20\1\x20\2\x36\2" + leb(number * 8 % 60000)     # store
        code += b"\x23\0\x20\2\x6a\x24\0"                           # the global
        code += b"\x02\x40\x20\2\x41" + signed(64) + b"\x4a\x0d\0\x20\2\x10" + leb(callee)
        code += b"\x21\3\x0b"                                       # a call inside of a block
        code += b"\x20\2\x20\0\x11\0\0\x1a"                         # a call by the table
        code += b"\x20\3\x6a\x1a"
    code += b"\x20\2\x0b"
    return leb(len(code)) + code


def large_module(megabytes):
    functions = max(1, megabytes * 1000000 // len(body(20000, 40000)))
    functype = b"\x60\1" + I32 + b"\1" + I32
    imports = [name("s") + name("m") + b"\2\0\1", name("s") + name("f") + b"\0\0"]
    bodies = [body(i, functions) for i in range(functions)]
    return (CORE + section(1, vector([functype])) + section(2, vector(imports))
            + section(3, leb(functions) + b"\0" * functions)
            + section(4, vector([b"\x70\0" + leb(64)]))
            + section(6, vector([I32 + b"\1\x41\0\x0b"]))
            + section(7, vector([name("run") + b"\0" + leb(1)]))
            + section(9, vector([b"\0\x41\0\x0b" + vector([leb(1 + i) for i in range(64)])]))
            + section(10, vector(bodies)))


def component(megabytes):
    small, large = small_module(), large_module(megabytes)
    return (b"\0asm\x0d\0\1\0" + section(1, small) + section(1, large)
            + section(2, vector([b"\0\0\0", b"\0\1" + vector([name("s") + b"\x12\0"])]))
            + section(7, vector([b"\x40" + vector([name("n") + b"\x79"]) + b"\0\x79"]))
            + section(6, vector([b"\0\0\1\1" + name("run")]))  # core function of instance 1
            + section(8, vector([b"\0\0\0\0\0"]))
            + section(11, vector([b"\0" + name("run") + b"\1\0\0"])))


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as out:
        out.write(component(int(sys.argv[2]) if len(sys.argv) > 2 else 10))
