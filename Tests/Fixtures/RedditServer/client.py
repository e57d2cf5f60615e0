"""A small client of the server, for its own tests: blocking, and free to do what no client should."""

from __future__ import annotations

import base64
import os
from typing import Any
from urllib.parse import urlencode

import support  # noqa: F401, which finds some of the following

from child import Child

Object = dict[str, Any]

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT = "linux:tests:v1.0 (by /u/ada)"


class Server(Child):
    """A server of one's own, which may be killed and started again where it was."""

    def __init__(self, *options: str) -> None:
        super().__init__(f"{HERE}/server.py", *options)

    def grant(self, client: str, secret: str, **form: str) -> tuple[int, Any, Any]:
        """What is answered to who wants a token."""
        word = base64.b64encode(f"{client}:{secret}".encode()).decode()
        return self.request("POST", "/api/v1/access_token", form, headers={"Authorization": f"Basic {word}"})

    def token(self, number: int = 0, **form: str) -> str:
        """A token of an account, by its password."""
        account = self.ports["accounts"][number]
        status, _, answer = self.grant(
            account["client_id"], account["client_secret"], grant_type="password", username=account["name"],
            password=account["password"], **form)
        assert status == 200 and "access_token" in answer, answer
        return str(answer["access_token"])

    def request(self, method: str, path: str, form: Object | None = None, token: str | None = None,
                headers: dict[str, str] | None = None) -> tuple[int, Any, Any]:
        """The status, the head and the body of an answer."""
        head = {"User-Agent": AGENT, **({"Authorization": f"bearer {token}"} if token else {})}
        body = None
        if form is not None:
            body, head["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        return self.exchange(self.ports["plain"], method, path, body, head | (headers or {}))
