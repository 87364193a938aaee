#!/usr/bin/env python3
"""Reads the public headers: which functions they declare, and what documents each symbol.

    headers.py functions HEADER...       the names of all SPIN_API functions, sorted
    headers.py definitions HEADER...     C that defines each of them, with a body that does nothing
    headers.py undocumented HEADER...    every public symbol without documentation; fails if any
    headers.py filter HEADER             the header with its comments marked up for Doxygen

The headers use plain comments. Which comment documents what:

 1. The first comment of a file documents the file.
 2. A comment right above a declaration documents it and every further one down to the next blank
    line or comment: "Borrowed." above three getters counts for all three.
 3. A comment at the end of a line documents the member or constant on that line.
 4. A struct's, union's or enum's comment also stands for those of its members and constants that
    have none of their own by rules 2 and 3.
 5. A comment that begins with "──" is a section's heading and documents nothing.

The headers are in the form of .clang-format, which is all that this reader understands.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

GAP = re.compile(r"[ \t]*(?:\n[ \t]*)*")
COMMENT = re.compile(r"/\*.*?\*/", re.S)


@dataclass
class Comment:
    begin: int
    end: int
    text: str  # without stars and margins; lines kept

    @property
    def heading(self):
        return self.text.strip("─ \n") if self.text.startswith("──") else None


@dataclass
class Symbol:
    kind: str  # function, struct, union, enum, typedef, macro, member, constant
    name: str
    begin: int
    end: int
    exported: bool = False
    comment: Comment = None
    how: str = None  # above, group, trailing, type
    members: list = field(default_factory=list)


def plain(raw):
    lines = raw[2:-2].strip().split("\n")
    return "\n".join([lines[0].strip()] + [re.sub(r"^\s*\* ?|^\s+", "", line).rstrip()
                                           for line in lines[1:]])


def declaration_end(text, at, stop, separators):
    """Past the end of the declaration that begins at `at`."""
    depth, body = 0, False
    while at < stop:
        if text.startswith("/*", at):
            at = COMMENT.match(text, at).end()
            continue
        char = text[at]
        if char in "([{":
            if char == "{" and depth == 0:
                body = text[:at].rstrip().endswith(")")
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0 and char == "}" and body:
                return at + 1
        elif char in separators and depth == 0:
            return at + 1
        at += 1
    return stop


def without_comments(text):
    return COMMENT.sub("", text)


def name_of(text):
    """(kind, name) of a declaration at the top of a header, or of a member."""
    text = " ".join(without_comments(text).split())
    head = re.sub(r"\{.*\}", "{}", text)
    head = re.sub(r"__attribute__\(\(.*?\)\)\)?", "", head)
    record = re.match(r"(?:typedef )?(struct|union|enum)\b ?(\w*) ?\{\} ?(\w*)", head)
    if record:
        return record[1], record[3] or record[2]
    pointer = re.search(r"\(\*(\w+)\)", head)
    called = re.search(r"(\w+)\((?!\*)", head)
    if head.startswith("typedef "):
        return "typedef", pointer[1] if pointer else re.search(r"(\w+)(?:\[.*\])?;$", head)[1]
    if called and not (pointer and pointer.start() < called.start()):
        return "function", called[1]
    if pointer:
        return "member", pointer[1]
    return "member", re.search(r"(\w+) ?(?:\[[^]]*\])?(?: ?: ?\d+)?;$", head)[1]


class Header:
    def __init__(self, path):
        self.path = str(path)
        self.text = Path(path).read_text(encoding="utf-8")
        self.comments, self.symbols = [], []
        self.file_comment = None
        self._scan(0, len(self.text), ";", self.symbols, None)

    def line(self, at):
        return self.text.count("\n", 0, at) + 1

    def _scan(self, at, stop, separators, out, owner):
        """Fills `out` with the symbols between `at` and `stop`, and finds their comments."""
        text, above, fresh = self.text, None, False
        while True:
            gap = GAP.match(text, at, stop)
            if gap.group().count("\n") > 1:
                above = None
            at = gap.end()
            if at >= stop:
                return
            if text.startswith("/*", at):
                end = COMMENT.match(text, at).end()
                above = Comment(at, end, plain(text[at:end]))
                self.comments.append(above)
                if self.file_comment is None and owner is None:
                    self.file_comment, above = above, None
                elif above.heading is not None:
                    above = None
                fresh, at = True, end
                continue
            if text[at] == "#":
                at = self._directive(at, stop, above, fresh)
                fresh = False
                continue
            end = declaration_end(text, at, stop, separators)
            symbol = self._symbol(at, end, owner)
            out.append(symbol)
            line_end = text.find("\n", end)
            rest = re.match(r"[ \t]*", text[end:line_end]).end() + end
            if text.startswith("/*", rest) and rest < line_end:
                done = COMMENT.match(text, rest).end()
                symbol.comment = Comment(rest, done, plain(text[rest:done]))
                symbol.how = "trailing"
                self.comments.append(symbol.comment)
                end = done
            elif above is not None:
                symbol.comment, symbol.how = above, "above" if fresh else "group"
            elif owner is not None and owner.comment is not None:
                symbol.comment, symbol.how = owner.comment, "type"
            fresh = False
            self._inside(symbol)
            at = end

    def _symbol(self, begin, end, owner):
        source = self.text[begin:end]
        if owner is not None and owner.kind == "enum":
            return Symbol("constant", re.match(r"\w+", source)[0], begin, end)
        kind, name = name_of(source)
        return Symbol(kind, name, begin, end, exported=source.startswith("SPIN_API"))

    def _inside(self, symbol):
        if symbol.kind not in ("struct", "union", "enum"):
            return
        begin = self.text.index("{", symbol.begin) + 1
        end = self.text.rindex("}", begin, symbol.end)
        self._scan(begin, end, "," if symbol.kind == "enum" else ";", symbol.members, symbol)

    def _directive(self, at, stop, above, fresh):
        """Past a preprocessor line; and past what only C++ sees."""
        text = self.text
        end = text.find("\n", at)
        line = text[at:end]
        if line.startswith("#ifdef __cplusplus"):
            return text.index("#endif", at) + len("#endif")
        macro = re.match(r"#define (\w+)(\(| +\S)", line)
        if macro:
            symbol = Symbol("macro", macro[1], at, end, comment=above,
                            how=above and ("above" if fresh else "group"))
            self.symbols.append(symbol)
        return end if end >= 0 else stop

    def walk(self):
        def down(symbols, path):
            for symbol in symbols:
                yield symbol, path
                yield from down(symbol.members, path + [symbol])
        return down(self.symbols, [])


def escape(text):
    """Text as Doxygen shows it unchanged, but for `code` and indented blocks, which it knows."""
    out, block = [], False
    for line in text.split("\n"):
        block = line.startswith("    ") and (block or not out or not out[-1].strip())
        if block:
            out.append(line)
            continue
        parts = re.split(r"(`[^`]*`)", line)
        for i in range(0, len(parts), 2):
            parts[i] = re.sub(r"<(spin/\w+\.h)>", r"`<\1>`", parts[i])
            pieces = re.split(r"(`[^`]*`)", parts[i])
            pieces[::2] = [re.sub(r"([\\@<>#%&])", r"\\\1", piece) for piece in pieces[::2]]
            parts[i] = "".join(pieces)
        out.append("".join(parts))
    return "\n".join(out)


def marked_up(header):
    """The header for Doxygen, line for line the same."""
    edits = {}  # position: (end, replacement)
    documents = {id(symbol.comment): symbol for symbol, _ in header.walk()
                 if symbol.how in ("above", "trailing")}
    for comment in header.comments:
        symbol = documents.get(id(comment))
        body = escape(comment.text)
        if comment is header.file_comment:
            edits[comment.begin] = (comment.end, f"/** {body} @file {Path(header.path).name} */")
        elif symbol is not None:
            mark = "/**<" if symbol.how == "trailing" else "/**"
            edits[comment.begin] = (comment.end, f"{mark} {body} */")
    for symbol, path in header.walk():
        if symbol.how == "group":
            text = " ".join(escape(symbol.comment.text).split())
            edits[symbol.begin] = (symbol.begin, f"/** {text} */ ")
        elif symbol.how == "type":
            owner = next((each.name for each in reversed(path) if each.name), "")
            edits[symbol.begin] = (symbol.begin, f"/** See {owner or 'above'}. */ ")
    out, at = [], 0
    for begin in sorted(edits):
        end, replacement = edits[begin]
        out += [header.text[at:begin], replacement]
        at = end
    return "".join(out) + header.text[at:]


def functions(headers):
    return sorted({symbol.name for header in headers for symbol in header.symbols
                   if symbol.kind == "function" and symbol.exported})


def definitions(headers):
    declarations = {}
    for header in headers:
        for symbol in header.symbols:
            if symbol.kind == "function" and symbol.exported:
                text = without_comments(header.text[symbol.begin:symbol.end])
                text = re.sub(r"\s*__attribute__\(\(.*\)\)\s*;$", ";", text, flags=re.S)
                declarations[symbol.name] = " ".join(text.rstrip(";").split())
    return [f"{text} {{ __builtin_trap(); }}" for _, text in sorted(declarations.items())]


def undocumented(headers):
    found = []
    for header in headers:
        if header.file_comment is None:
            found.append(f"{header.path}:1: the header itself has no documentation")
        for symbol, path in header.walk():
            if symbol.comment is None:
                owner = "".join(f"{each.name}." for each in path if each.name)
                found.append(f"{header.path}:{header.line(symbol.begin)}: {symbol.kind} "
                             f"{owner}{symbol.name or '(no name)'} has no documentation")
    return found


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in (
            "functions", "definitions", "undocumented", "filter"):
        print(__doc__, file=sys.stderr)
        return 2
    headers = [Header(path) for path in arguments[1:]]
    if arguments[0] == "functions":
        print("\n".join(functions(headers)))
    elif arguments[0] == "definitions":
        print("\n".join(definitions(headers)))
    elif arguments[0] == "filter":
        sys.stdout.write(marked_up(headers[0]))
    else:
        found = undocumented(headers)
        print("\n".join(found), end="\n" if found else "")
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
