"""Errors of libspin as exceptions, and the other way."""

import ctypes
import enum
from dataclasses import dataclass
from typing import Optional

from ._ffi import lib


class Kind(enum.IntEnum):
    INVALID = 1
    USAGE = 2
    NOT_FOUND = 3
    DENIED = 4
    EXISTS = 5
    UNSUPPORTED = 6
    LIMIT = 7
    TIMEOUT = 8
    IO = 9
    NO_MEMORY = 10
    TRAP = 11
    EXIT = 12
    CANCELLED = 13
    INTERNAL = 14

    def __str__(self):
        return lib.spin_error_kind_name(self).decode()


@dataclass(frozen=True)
class Position:
    """Where in a source; lines and columns count from 1, `offset` is into a binary."""

    file: Optional[str]
    line: Optional[int]
    column: Optional[int]
    offset: Optional[int]


class SpinError(Exception):
    """What went wrong. `str` is the whole chain, from what was asked for down to the reason;
    `links` are its parts, pairs of a message and a Position or None."""

    def __init__(self, kind, text, links=()):
        super().__init__(text)
        self.kind = kind
        self.links = list(links) or [(text, None)]

    @property
    def message(self):
        return self.links[0][0]

    @property
    def position(self):
        """The first position of the chain."""
        return next((position for _, position in self.links if position is not None), None)


def _position(link):
    at, file = lib.spin_error_position(link), lib.spin_error_file(link)
    if not (file or at.line or at.has_offset):
        return None
    return Position(file and file.decode(errors="replace"), at.line or None, at.column or None,
                    at.offset if at.has_offset else None)


def read_error(error):
    """The exception for an error, which stays the caller's."""
    size = lib.spin_error_format(error, None, 0) + 1
    text = ctypes.create_string_buffer(size)
    lib.spin_error_format(error, text, size)
    number, links, link = lib.spin_error_kind(error), [], error
    while link:
        message = lib.spin_error_message(link).decode(errors="replace")
        links.append((message, _position(link)))
        link = lib.spin_error_cause(link)
    kind = Kind(number) if number in list(Kind) else Kind.INTERNAL
    return SpinError(kind, text.value.decode(errors="replace"), links)


def check(error):
    """Raises what a function returned, and frees it."""
    if error:
        exception = read_error(error)
        lib.spin_error_free(error)
        raise exception


def to_c(exception):
    """An error for libspin to take."""
    if isinstance(exception, SpinError):
        kind, text = exception.kind, str(exception)
    else:
        try:
            text = str(exception)
        except Exception:  # of its __str__, which is somebody's
            text = "(no text)"
        kind, text = Kind.INTERNAL, f"{type(exception).__name__}: {text}"
    text = text.encode(errors="replace").replace(b"\0", b"?")
    return lib.spin_error_new(kind, text.replace(b"%", b"%%"))
