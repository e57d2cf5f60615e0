"""The API: who asks, whether there is still room, what goes wrong, what is recorded; routes are elsewhere."""

from __future__ import annotations

import gzip
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, Callable
from urllib.parse import unquote

import faults as wrong
import shapes
from limits import TOO_MANY, Limits
from oauth import TOKEN_PATHS, Token, Tokens
from record import Record
from scripts import Scripts
from settings import Settings
from web import Answer, Request
from world import Object, World

# What libraries call themselves: Reddit slows those down.
GENERIC = re.compile(r"(curl|python-\w+|libcurl|okhttp|java|go-http-client|wget|mozilla|apache-httpclient)\b.*|", re.I)
JSON = "application/json; charset=UTF-8"


class APIError(Exception):
    """An answer that says no."""

    def __init__(self, status: int, message: str, reason: str | None = None,
                 headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.reason, self.headers = status, message, reason, headers or {}

    def answer(self) -> Answer:
        said = {"reason": self.reason} if self.reason else {}
        return Answer(self.status, {**said, "message": self.message, "error": self.status}, self.headers)


class Refused(Exception):
    """An answer of 200 that says no, as those to forms do."""

    def __init__(self, name: str, text: str, about: str | None, **more: Any) -> None:
        super().__init__(text)
        self.error, self.more = [name, text, about], more

    def answer(self) -> Answer:
        return Answer(200, {"json": {**self.more, "errors": [self.error]}})


@dataclass
class Call:
    """A request that is to be answered: to which route, with which ids, by whom."""

    request: Request
    token: Token
    ids: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]
    fault: Object
    # What it was shown in listings.
    shown: list[str] = field(default_factory=list)
    # What it does that no client does that behaves.
    violations: list[str] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The account in whose name it is made."""
        if self.token.account is None:
            raise Refused("USER_REQUIRED", "Please log in to do that.", None)
        return self.token.account


Handler = Callable[["API", Call], Any]


@dataclass
class Route:
    method: str
    scope: str
    handler: Handler
    pattern: re.Pattern[str]


ROUTES: list[Route] = []


def route(method: str, template: str, scope: str) -> Callable[[Handler], Handler]:
    """Registers what answers a method of a path, with {variables}, for who has the scope."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, scope, handler, pattern))
        return handler
    return register


def plain_path(path: str) -> str:
    return path.removesuffix("/").removesuffix(".json") or "/"


@dataclass
class API:
    """What routes work with."""

    world: World
    tokens: Tokens
    record: Record
    faults: Scripts
    limits: Limits
    settings: Settings

    async def serve(self, request: Request) -> wrong.Delivery:
        """The answer to a request, already recorded, and how it is delivered."""
        began, path = time.time(), plain_path(request.path)
        token = self.tokens.find(request)
        who = {"account": token and token.account, "client_id": token and token.client_id}
        fault = self.faults.take("request", method=request.method, path=path, **who) or {"kind": "none"}
        if fault["kind"] == "expire" and token:
            self.tokens.end(token.account, token.client_id)
            token = None
        await wrong.before(fault)
        # What is posted may as well stand in the query.
        form = {**request.query, **request.form} if request.method == "POST" else {}
        call = Call(request, token or Token("", "", None, "", 0.0), {}, request.query, form, fault)
        answer = None
        if fault["kind"] not in wrong.UNHEARD:
            answer = self._answer(call, path)
            wrong.after(fault, answer)
            if path not in TOKEN_PATHS:
                self.limits.note(self._key(call), answer)
        if fault["kind"] not in wrong.UNSEEN:
            self._note_listed(call, path)
        self.record.add(
            "request", began=began, method=request.method, path=path, query=call.query,
            form=_without_secrets(call.form), status=answer and answer.status, fault=fault["kind"],
            violations=call.violations, shown=len(call.shown), **who,
            headers={name: value for name, value in request.headers.items() if name != "authorization"})
        return wrong.Delivery(self._packed(request, answer) if answer else None, fault)

    def _note_listed(self, call: Call, path: str) -> None:
        """Notes what is sent in a listing for the first time."""
        for name in call.shown:
            if name not in self.world.listed:
                self.world.listed.add(name)
                self.record.add("listed", name=name, path=path, account=call.token.account)

    def _packed(self, request: Request, answer: Answer) -> Answer:
        if not isinstance(answer.body, bytes) and answer.body is not None:
            answer.body = json.dumps(answer.body, separators=(",", ":")).encode()
            answer.headers.setdefault("Content-Type", JSON)
        if answer.body and self.settings.compress and "gzip" in request.headers.get("accept-encoding", ""):
            # As fast as it can: what it saves is of no use on loopback.
            answer.body = gzip.compress(answer.body, 1)
            answer.headers["Content-Encoding"] = "gzip"
        for name, value in (("Server", "snooserv"), ("Via", "1.1 varnish"), ("Vary", "accept-encoding"),
                            ("Cache-Control", "private, s-maxage=0, max-age=0, must-revalidate, no-store")):
            answer.headers.setdefault(name, value)
        return answer

    @staticmethod
    def _key(call: Call) -> str:
        return f"{call.token.client_id}/{call.token.account}"

    def _answer(self, call: Call, path: str) -> Answer:
        request = call.request
        if GENERIC.fullmatch(request.headers.get("user-agent", "")):
            call.violations.append(f"User-Agent: '{request.headers.get('user-agent', '')}' says nothing of who asks")
            if self.settings.strict_agent:
                return Answer(429, TOO_MANY)
        if given := wrong.given(call.fault):
            return given
        if path in TOKEN_PATHS:
            return self.tokens.serve(request)
        if "authorization" not in request.headers:
            return APIError(403, "Forbidden").answer()
        if not call.token.token:
            return APIError(401, "Unauthorized", headers={
                "WWW-Authenticate": 'Bearer realm="reddit", error="invalid_token"'}).answer()
        if early := self.limits.too_early(self._key(call)):
            call.violations.append(f"Retry-After: called {early:.2f} s before its time")
        headers, is_too_many = self.limits.take(self._key(call))
        if is_too_many:
            call.violations.append(
                f"rate: call {headers['x-ratelimit-used']} of {self.settings.allowance} in {self.settings.window:g} s")
            answer = Answer(429, TOO_MANY)
        else:
            answer = self._routed(call, path)
        answer.headers = {**answer.headers, **headers}
        return answer

    def _routed(self, call: Call, path: str) -> Answer:
        request = call.request
        fitting = [(route, found) for route in ROUTES if (found := route.pattern.fullmatch(path))]
        route, found = next((pair for pair in fitting if pair[0].method == request.method), (None, None))
        if route is None or found is None:
            call.violations.append(f"path: {request.method} is not known here")
            return APIError(405, "Method Not Allowed").answer() if fitting else APIError(404, "Not Found").answer()
        if not call.token.allows(route.scope):
            return APIError(403, "Forbidden", headers={
                "WWW-Authenticate": 'Bearer realm="reddit", error="insufficient_scope"'}).answer()
        call.ids = {name: unquote(value or "") for name, value in found.groupdict().items()}
        if path in FORMS and call.form.get("api_type") != "json":
            call.violations.append(f"api_type: expected json, found {call.form.get('api_type')}")
        try:
            body = route.handler(self, call)
        except (APIError, Refused) as error:
            return error.answer()
        answer = body if isinstance(body, Answer) else Answer(200, body)
        if call.token.account is None:
            shapes.without_account(answer.body)
        if "1" not in (call.query.get("raw_json"), call.form.get("raw_json")):
            answer.body = shapes.entities(answer.body)
        return answer

    def violations(self) -> list[str]:
        return [f"{request['method']} {request['path']}: {text}"
                for request in self.record.entries["request"] for text in request["violations"]]


# What answers with errors in `json` only if it is asked to.
FORMS = {"/api/submit", "/api/comment", "/api/compose", "/api/editusertext"}


def _without_secrets(form: dict[str, str]) -> dict[str, str]:
    return {name: "..." if name in ("password", "refresh_token", "token") else value for name, value in form.items()}
