"""A server as its own tests start it: a program that may be killed and started again where it was."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import subprocess
import sys
from typing import Any

Object = dict[str, Any]
# In seconds; all tests run at once, and wait for each other.
TIMEOUT = 120


class Child:
    def __init__(self, program: str, *options: str) -> None:
        self.program, self.options = program, options
        self.process, self.ports = self._start(*options)

    def _start(self, *options: str) -> tuple[subprocess.Popen[bytes], Object]:
        words = [sys.executable, self.program, "--tests", *options]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout
        return process, json.loads(process.stdout.readline())

    def kill_and_start(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()
        place = ["--port", str(self.ports["plain"]), "--control-port", str(self.ports["control"])]
        self.process, self.ports = self._start(*self.options, *place)

    def end(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def control(self, name: str, /, **arguments: Any) -> Any:
        body = json.dumps(arguments).encode()
        status, _, answer = self.exchange(self.ports["control"], "POST", f"/{name}", body, {})
        assert status == 200, answer
        return answer

    @staticmethod
    def exchange(port: int, method: str, path: str, body: bytes | None,
                 headers: dict[str, str]) -> tuple[int, Any, Any]:
        """The status, the head and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                data = gzip.decompress(data)
            is_json = answer.headers.get("Content-Type", "").startswith("application/json")
            return answer.status, answer.headers, json.loads(data) if is_json else data
        finally:
            connection.close()
