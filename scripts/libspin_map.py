#!/usr/bin/env python3
"""libspin_map.py check|update: src/libspin.map against the public headers.

Every function that include/spin declares with SPIN_API stands in the map under the version that
first had it, and nothing else does: so nothing becomes public by accident. `update` writes new
functions into the node of the version in <spin/version.h> and takes out of that node what is
declared no more; the nodes of older versions are promises and are left alone.
"""

import re
import sys
from pathlib import Path

from headers import Header, functions

ROOT = Path(__file__).resolve().parents[1]
MAP = ROOT / "src" / "libspin.map"
NODE = re.compile(r"^LIBSPIN_(\d+)\.(\d+) \{\n(.*?)^\}(?: LIBSPIN_[\d.]+)?;\n", re.M | re.S)


def main(mode):
    declared = set(functions(map(Header, sorted((ROOT / "include" / "spin").glob("*.h")))))
    version = (ROOT / "include" / "spin" / "version.h").read_text()
    current = tuple(int(re.search(rf"#define SPIN_VERSION_{part} (\d+)", version)[1])
                    for part in ("MAJOR", "MINOR"))
    text = MAP.read_text()
    found = NODE.finditer(text)
    nodes = {(int(each[1]), int(each[2])): re.findall(r"^ +(spin_\w+);$", each[3], re.M)
             for each in found}
    listed = [name for names in nodes.values() for name in names]
    problems = [f"{name} is listed twice" for name in sorted(set(listed)) if listed.count(name) > 1]
    old = {name for node, names in nodes.items() if node != current for name in names}
    problems += [f"{name} is of an older version and may not go" for name in sorted(old - declared)]
    problems += [f"LIBSPIN_{node[0]}.{node[1]} is newer than <spin/version.h>"
                 for node in nodes if node > current]
    if mode == "check":
        problems += [f"{name} is public, but not in the map (scripts/abi.sh --update)"
                     for name in sorted(declared - set(listed))]
        problems += [f"{name} is in the map, but not in include/spin (scripts/abi.sh --update)"
                     for name in sorted(set(listed) - declared - old)]
    if problems:
        print("\n".join(f"src/libspin.map: {each}" for each in problems), file=sys.stderr)
        return 1
    if mode == "update":
        nodes[current] = sorted(declared - old)
        written, before = "", ""
        for node, names in sorted(nodes.items()):
            title = f"LIBSPIN_{node[0]}.{node[1]}"
            body = "".join(f"    {name};\n" for name in names)
            local = "" if before else "local:\n    *;\n"
            written += f"{title} {{\nglobal:\n{body}{local}}}{before};\n"
            before = f" {title}"
        first, last = next(NODE.finditer(text)), list(NODE.finditer(text))[-1]
        MAP.write_text(text[:first.start()] + written + text[last.end():])
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["check"], ["update"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
