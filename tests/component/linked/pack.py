#!/usr/bin/env python3
"""Writes tests/unit/linked_cases.h: the binaries of the .wat files beside this script, by
`wasm-tools` ($WASM_TOOLS or on PATH). Run it after a change; --check says whether it is due."""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "unit" / "linked_cases.h"
TOOL = os.environ.get("WASM_TOOLS", "wasm-tools")


def binary(path):
    parsed = subprocess.run([TOOL, "parse", path], check=True, stdout=subprocess.PIPE).stdout
    return subprocess.run([TOOL, "strip", "--all"], check=True, input=parsed,
                          stdout=subprocess.PIPE).stdout


def main():
    lines = ["/* Written by tests/component/linked/pack.py from the .wat files beside it. */",
             "#ifndef LINKED_CASES_H", "#define LINKED_CASES_H", "", "#include <stdint.h>", "",
             "/* clang-format off */"]
    for path in sorted(HERE.glob("*.wat")):
        data = binary(path)
        lines.append(f"static const uint8_t case_{path.stem}[] = {{")
        for at in range(0, len(data), 24):
            lines.append("    " + "".join(f"{byte}," for byte in data[at:at + 24]))
        lines.append("};")
    lines += ["/* clang-format on */", "", "#endif", ""]
    text = "\n".join(lines)
    if "--check" in sys.argv:
        return 0 if OUT.read_text() == text else f"{OUT.name} is out of date"
    OUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
