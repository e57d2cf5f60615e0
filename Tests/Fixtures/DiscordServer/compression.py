"""How a gateway compresses what it sends: one context for all of a connection."""

from __future__ import annotations

import ctypes
import zlib
from typing import Protocol

from websocket import BINARY, TEXT


class Compression(Protocol):
    """Turns messages into what frames of `opcode` carry."""

    opcode: int

    def compress(self, message: bytes) -> bytes: ...


class Plain:
    opcode = TEXT

    def compress(self, message: bytes) -> bytes:
        return message


class ZlibStream:
    opcode = BINARY

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def compress(self, message: bytes) -> bytes:
        return self._stream.compress(message) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class _Buffer(ctypes.Structure):
    """ZSTD_inBuffer and ZSTD_outBuffer are of the same shape."""

    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t)]


class ZstdStream:
    """By libzstd itself, since Python 3.11 has no zstd in its library."""

    opcode = BINARY
    _FLUSH = 1
    _PIECE = 128 << 10
    _library: ctypes.CDLL | None = None

    def __init__(self) -> None:
        self._zstd = self._load()
        self._context = self._zstd.ZSTD_createCCtx()

    def __del__(self) -> None:
        if hasattr(self, "_context"):
            self._zstd.ZSTD_freeCCtx(self._context)

    def compress(self, message: bytes) -> bytes:
        source = _Buffer(ctypes.cast(ctypes.c_char_p(message), ctypes.c_void_p), len(message), 0)
        space, compressed = ctypes.create_string_buffer(self._PIECE), b""
        left = 1
        while left:
            target = _Buffer(ctypes.cast(space, ctypes.c_void_p), self._PIECE, 0)
            left = self._zstd.ZSTD_compressStream2(
                self._context, ctypes.byref(target), ctypes.byref(source), self._FLUSH)
            if self._zstd.ZSTD_isError(left):
                raise ValueError(f"ZSTD_compressStream2 answered {left}")
            compressed += space.raw[:target.position]
        return compressed

    @classmethod
    def _load(cls) -> ctypes.CDLL:
        if cls._library is None:
            library = ctypes.CDLL("libzstd.so.1")
            library.ZSTD_createCCtx.restype = ctypes.c_void_p
            library.ZSTD_freeCCtx.argtypes = [ctypes.c_void_p]
            library.ZSTD_compressStream2.argtypes = [
                ctypes.c_void_p, ctypes.POINTER(_Buffer), ctypes.POINTER(_Buffer), ctypes.c_int]
            library.ZSTD_compressStream2.restype = ctypes.c_size_t
            library.ZSTD_isError.argtypes = [ctypes.c_size_t]
            cls._library = library
        return cls._library


def compression(name: str | None) -> Compression | None:
    """The one of a name in the query of the gateway's URL; None if there is no such."""
    match name:
        case None | "":
            return Plain()
        case "zlib-stream":
            return ZlibStream()
        case "zstd-stream":
            return ZstdStream()
    return None
