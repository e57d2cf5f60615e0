"""The REST API: who asks, whether there is still room, what goes wrong, what is recorded; routes are elsewhere."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, Callable
from urllib.parse import unquote

from faults import Faults
from gateway import Gateway
from limits import Limits, cloudflare
from openapi import Document
from record import Record
from shapes import Object
from web import Answer, Part, Request
from world import Bot, World

PREFIX = "/api/v10"
LARGEST_BODY = 25 << 20


class APIError(Exception):
    """An answer that says no, with Discord's code."""

    def __init__(self, status: int, code: int, message: str, errors: Object | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.errors = status, code, message, errors

    def answer(self) -> Answer:
        more = {"errors": self.errors} if self.errors else {}
        return Answer(self.status, {"message": self.message, "code": self.code, **more})


def invalid(name: str, code: str, message: str) -> APIError:
    """What is said of one field of a body."""
    return APIError(400, 50035, "Invalid Form Body", {name: {"_errors": [{"code": code, "message": message}]}})


@dataclass
class Call:
    """A request that is to be answered: to which route, with which ids, by which bot."""

    request: Request
    bot: Bot | None
    ids: dict[str, str]
    body: Object
    files: list[Part]
    # Where the server is reached, as the client sees it.
    base: str

    @property
    def user(self) -> Object:
        assert self.bot
        return self.bot.user


Handler = Callable[["API", Call], Answer]


@dataclass
class Route:
    method: str
    template: str
    authorized: bool
    handler: Handler
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(method: str, template: str, authorized: bool = True) -> Callable[[Handler], Handler]:
    """Registers what answers a method of a path, whose variables are named as in Discord's OpenAPI document."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, template, authorized, handler, pattern))
        return handler
    return register


@dataclass
class API:
    """What routes work with."""

    world: World
    gateway: Gateway
    record: Record
    faults: Faults
    limits: Limits
    document: Document | None
    interactions: dict[str, Object] = field(default_factory=dict)

    async def serve(self, request: Request, base: str) -> Answer | None:
        """The answer to a request, already recorded; None if the connection is to break off instead."""
        began = time.time()
        fault = self.faults.take("request", method=request.method, path=request.path) or {"kind": "none"}
        match fault["kind"]:
            case "unsent":
                self._note(request, None, None, began, fault)
                return None
            case "hang":
                self._note(request, None, None, began, fault)
                await asyncio.Event().wait()
            case "slow":
                await asyncio.sleep(fault["seconds"])
        name, route = self._find(request)
        answer = self._given(fault) or self.limits.banned() or self._answer(request, name, route, base)
        if "text/html" not in answer.headers.get("Content-Type", ""):
            answer.headers.setdefault("Via", "1.1 google")
        self.limits.note(answer)
        self._note(request, name, answer, began, fault)
        return None if fault["kind"] == "lost" else answer

    def _given(self, fault: Object) -> Answer | None:
        """The answer that is given instead of what was asked for."""
        wait = fault.get("retry_after", 1.0)
        match fault["kind"]:
            case "status":
                no_json = fault["status"] >= 500 or "text" in fault
                said = fault.get("text", "upstream connect error").encode()
                body = said if no_json else {"message": fault.get("message", "no"), "code": fault.get("code", 0)}
                return Answer(fault["status"], body, {"Content-Type": "text/plain"} if no_json else {})
            case "cloudflare":
                return cloudflare(wait)
            case "shared" | "user" | "global":
                return self.limits.refused(wait, fault["kind"], dict(fault.get("headers", {})))
        return None

    def _find(self, request: Request) -> tuple[str | None, Route | None]:
        path = request.path.removeprefix(PREFIX)
        fitting = [route for route in ROUTES if route.pattern.fullmatch(path)]
        match = next((route for route in fitting if route.method == request.method), None)
        return (f"{match.method} {match.template}", match) if match else ("405" if fitting else None, None)

    def _bot(self, request: Request) -> Bot | None:
        return next((bot for bot in self.world.bots
                     if request.headers.get("authorization") == f"Bot {bot.token}"), None)

    def _answer(self, request: Request, name: str | None, route: Route | None, base: str) -> Answer:
        bot, path = self._bot(request), request.path.removeprefix(PREFIX)
        if not request.path.startswith(PREFIX + "/") or route is None or name is None:
            status, text = (405, "Method Not Allowed") if name else (404, "Not Found")
            return APIError(status, 0, f"{status}: {text}").answer()
        if (route.authorized or "authorization" in request.headers) and bot is None:
            return APIError(401, 0, "401: Unauthorized").answer()
        admitted = self.limits.admit(name, path, bot.user["id"] if bot else None, path.startswith("/interactions/"))
        if isinstance(admitted, Answer):
            return admitted
        try:
            if len(request.body) > LARGEST_BODY:
                raise APIError(413, 40005, "Request entity too large")
            body, files = read_body(request)
            found = route.pattern.fullmatch(path)
            assert found
            ids = {name: unquote(value) for name, value in found.groupdict().items()}
            answer = route.handler(self, Call(request, bot, ids, body, files, base))
        except APIError as error:
            answer = error.answer()
        answer.headers = {**admitted, **answer.headers}
        return answer

    def _note(self, request: Request, route: str | None, answer: Answer | None, began: float, fault: Object) -> None:
        try:
            body, files = read_body(request)
        except APIError:
            body, files = {}, []
        bot = self._bot(request)
        violations = []
        if self.document:
            violations = self.document.request_violations(request, PREFIX, body, bool(files))
            is_ours = fault["kind"] in ("none", "lost", "slow") and answer and not isinstance(answer.body, bytes)
            if answer and is_ours and route and route != "405":
                violations += self.document.answer_violations(route, answer.status, answer.body)
        heads = {name: value for name, value in request.headers.items() if name != "authorization"}
        self.record.add(
            "request", began=began, method=request.method, path=request.path.removeprefix(PREFIX), query=request.query,
            route=route, status=answer and answer.status, scope=answer and answer.headers.get("X-RateLimit-Scope"),
            fault=fault["kind"], bot=bot and bot.user["id"], authorized="authorization" in request.headers,
            headers=heads, body=body, violations=violations,
            files=[{"name": file.name, "filename": file.filename, "type": file.media_type, "size": len(file.data)}
                   for file in files])


def read_body(request: Request) -> tuple[Any, list[Part]]:
    """The JSON of a request and the files that came with it."""
    try:
        if request.media_type == "multipart/form-data":
            parts = request.parts()
            text = next((part.data for part in parts if part.name == "payload_json"), b"{}")
            return json.loads(text), [part for part in parts if part.filename is not None]
        return (json.loads(request.body) if request.body else {}), []
    except ValueError as error:
        raise APIError(400, 50109, f"The request body contains invalid JSON. ({error})") from error
