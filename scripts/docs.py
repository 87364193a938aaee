#!/usr/bin/env python3
"""Keeps the code in our documents the same as the code that is built and tested.

    docs.py            fills in every included block
    docs.py --check    fails where one differs from its source or its source is gone, and where a
                       link leads to no file or heading of ours

A document says what it includes right above a fenced block, whose content is ours to replace:

    <!-- include examples/embed/serve.c#on_tick,main -->
    ```c
    ```

Without "#" it is the whole file. A name is a region, the lines between "doc: NAME" and "doc: end"
in comments of the file's language; or, in C, a definition at the top level, with the comment above
it. Several names are set apart by a blank line.
"""

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "docs/**/*.md", "examples/**/*.md", "bindings/**/*.md")
LANGUAGES = {".c": "c", ".cmake": "cmake", ".cs": "csharp", ".go": "go", ".h": "c", ".py": "python",
             ".rs": "rust", ".sh": "sh", ".toml": "toml", ".txt": "cmake", ".wit": "wit"}
INCLUDE = re.compile(r"<!-- include (\S+?)(?:#(\S+))? -->\n```\w*\n(.*?)^```$", re.M | re.S)
MARK = re.compile(r"^[ \t]*(?:/\*|//|#)[ \t]*doc: (\w[\w-]*)[ \t]*(?:\*/)?[ \t]*$")
FENCE = re.compile(r"^```.*?^```$|^    .*?$|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")


class Missing(Exception):
    pass


def region(lines, name):
    """The lines of a region, which may come in several pieces; None where there is none."""
    found, inside = None, False
    for line in lines:
        mark = MARK.match(line)
        if mark:
            inside = mark[1] == name
            if inside:
                found = [] if found is None else found + [""]
        elif inside:
            found.append(line)
    return found


def definition(lines, name):
    """A definition of C at the top level, in the form of .clang-format; None where there is none."""
    head = re.compile(rf"^(?:[A-Za-z].*)?\b{re.escape(name)}(\(|\[|;| =| \{{|$)"
                      rf"|^\}} {re.escape(name)};$")
    for at, line in enumerate(lines):
        if not head.match(line):
            continue
        begin = end = at
        if line.startswith("}"):  # typedef struct … { … } name;
            while not re.match(r"^\w", lines[begin]):
                begin -= 1
        else:
            while not re.search(r"[{;]$", lines[end]):
                end += 1
            if lines[end].endswith(";") and "(" in line and "=" not in line:
                continue  # only declared here
            if lines[end].endswith("{"):
                while not lines[end].startswith("}"):
                    end += 1
        if begin and re.match(r"^[\w(*].*[^;{}/]$", lines[begin - 1]):
            begin -= 1  # a return type on a line of its own
        if begin and lines[begin - 1].endswith("*/"):
            while not lines[begin - 1].startswith("/*"):
                begin -= 1
            begin -= 1
        return lines[begin:end + 1]
    return None


def content(path, names):
    try:
        text = (ROOT / path).read_text(encoding="utf-8")
    except OSError as error:
        raise Missing(f"{path}: {error.strerror}") from error
    lines = text.rstrip("\n").split("\n")
    pieces = []
    for name in (names or "").split(","):
        piece = lines if not name else region(lines, name)
        if piece is None and path.endswith((".c", ".h")):
            piece = definition(lines, name)
        if piece is None:
            raise Missing(f"{path} has no {name}")
        piece = "\n".join(line for line in piece if not MARK.match(line))
        pieces.append(textwrap.dedent(piece).strip("\n"))
    return "\n\n".join(pieces) + "\n"


def anchors(text):
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(document, text):
    blank = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in LINK.finditer(blank):
        path, anchor = match.groups()
        if re.match(r"\w+:", path):
            continue
        target = (document.parent / path).resolve() if path else document
        line = text.count("\n", 0, match.start()) + 1
        if not target.exists():
            yield f"{document.relative_to(ROOT)}:{line}: {path} does not exist"
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{document.relative_to(ROOT)}:{line}: {path} has no heading #{anchor}"


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    problems, included = [], 0
    for document in sorted({each for glob in DOCUMENTS for each in ROOT.glob(glob)}):
        text = document.read_text(encoding="utf-8")
        name = document.relative_to(ROOT)
        marks = len(re.findall(r"^<!-- include ", text, re.M))

        def fill(match):
            nonlocal included
            included += 1
            path, names, before = match.groups()
            where = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
            try:
                now = content(path, names)
            except Missing as error:
                problems.append(f"{where}: {error}")
                return match[0]
            if arguments and now != before:
                problems.append(f"{where}: differs from {path} (scripts/docs.py brings it up to date)")
            language = LANGUAGES.get(Path(path).suffix, "")
            fragment = f"#{names}" if names else ""
            return f"<!-- include {path}{fragment} -->\n```{language}\n{now}```"

        if arguments:
            problems += dead_links(document, text)
        filled, count = INCLUDE.subn(fill, text)
        if count != marks:
            problems.append(f"{name}: {marks - count} includes without a fenced block below them")
        if not arguments and filled != text:
            document.write_text(filled, encoding="utf-8")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    print(f"{included} pieces of code in the documents are those of their sources")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
