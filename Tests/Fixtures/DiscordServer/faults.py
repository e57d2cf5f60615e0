"""What goes wrong on command: at once on connections, or when something happens next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import websocket
from scripts import Scripts
from shapes import Object

if TYPE_CHECKING:
    from connection import Connection


class Faults(Scripts):
    def run(self, connection: Connection, on: str, **context: Any) -> bool:
        """Inflicts the fault that is due on a connection; whether there was one."""
        fault = self.take(on, **context)
        if fault is not None:
            inflict(connection, fault)
        return fault is not None


def inflict(connection: Connection, fault: Object) -> None:
    """Does something to a connection. Raises ValueError if no such fault is known."""
    match fault["kind"]:
        case "none":
            pass
        case "reconnect":
            connection.send({"op": 7, "d": None})
        case "invalid_session":
            resumable = bool(fault.get("resumable"))
            if connection.session and not resumable:
                connection.gateway.end(connection.session)
            connection.send({"op": 9, "d": resumable})
        case "heartbeat":
            connection.send({"op": 1, "d": None})
        case "close":
            if fault.get("ends_session") and connection.session:
                connection.gateway.end(connection.session)
            connection.close(fault["code"], fault.get("reason"))
        case "reset":
            connection.reset()
        case "end":
            # The end of the stream, without a close frame.
            connection.writer.close()
        case "freeze":
            connection.freeze()
        case "acknowledge":
            connection.acknowledges = fault["enabled"]
        case "bad_json":
            connection.send_text('{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"content":"never')
        case "unknown_opcode":
            connection.send({"op": 99, "d": {"what": "nobody knows"}, "s": None, "t": None})
        case "huge":
            # Well formed, of an unknown opcode.
            connection.send({"op": 99, "d": "x" * fault.get("bytes", 10 << 20)})
        case "bad_utf8":
            data = connection.compression.compress(b'{"op":99,"d":"\xff\xfe\xc0"}')
            connection.write(websocket.frame(connection.compression.opcode, data))
        case "masked":
            data = connection.compression.compress(b'{"op":99,"d":null}')
            connection.write(websocket.frame(connection.compression.opcode, data, masked=True))
        case "corrupt":
            # Ends as a message of zlib-stream does, so that it is tried.
            connection.write(websocket.frame(websocket.BINARY, b"\x07" + os.urandom(200) + b"\x00\x00\xff\xff"))
        case "text":
            connection.send_text(fault["text"])
        case "bytes":
            connection.write(bytes.fromhex(fault["hex"]))
        case unknown:
            raise ValueError(f"no fault '{unknown}' is known")
