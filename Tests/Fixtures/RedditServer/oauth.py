"""Tokens: how an app gets them, for itself or in the name of an account, and what they are good for."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from dataclasses import asdict, dataclass

from record import Record
from settings import Settings
from web import Answer, Request
from world import Object, World

ALL = "*"
TOKEN_PATHS = ("/api/v1/access_token", "/api/v1/revoke_token")


@dataclass
class Token:
    """An access token; without an account it is the app's own."""

    token: str
    client_id: str
    account: str | None
    scope: str
    expires: float

    def allows(self, scope: str | None) -> bool:
        return scope is None or ALL in self.scope.split() or scope in self.scope.split()


class Tokens:
    def __init__(self, record: Record, world: World, settings: Settings) -> None:
        self._record, self._world, self._settings = record, world, settings
        self.access: dict[str, Token] = {}
        # Of each refresh token: app, account, scope.
        self.refresh: dict[str, Object] = {}
        for account in world.accounts.values():
            self.apply("refresh", {"token": account["refresh_token"], "client_id": account["client_id"],
                                   "account": account["name"], "scope": ALL})

    def apply(self, kind: str, state: Object) -> None:
        """Makes a change of state, also one that was kept by the server before this one."""
        match kind:
            case "token":
                self.access[state["token"]] = Token(**state)
            case "refresh":
                self.refresh[state["token"]] = state
                self._world.accounts[state["account"].lower()]["refresh_token"] = state["token"]
            case "revoked":
                self.access.pop(state["token"], None)
                self.refresh.pop(state["token"], None)

    def change(self, kind: str, /, **state: object) -> None:
        self.apply(kind, state)
        self._record.keep(kind, **state)

    def find(self, request: Request) -> Token | None:
        """The token that a request is made with, if it is one and is still good."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        token = self.access.get(text.strip()) if kind.lower() == "bearer" else None
        return token if token and token.expires > time.time() else None

    def end(self, account: str | None, client_id: str | None) -> int:
        """Lets access tokens expire now: of an account, an app, or all."""
        ended = [token for token in self.access.values() if account in (None, token.account)
                 and client_id in (None, token.client_id) and token.expires > time.time()]
        for token in ended:
            self.change("token", **{**asdict(token), "expires": 0.0})
        return len(ended)

    def serve(self, request: Request) -> Answer:
        """Answers `POST /api/v1/access_token` and `revoke_token`."""
        app = self._app(request)
        if app is None:
            return Answer(401, {"message": "Unauthorized", "error": 401},
                          {"WWW-Authenticate": 'Basic realm="reddit"'})
        form = request.form
        if request.path.rstrip("/") == TOKEN_PATHS[1]:
            self.change("revoked", token=form.get("token", ""))
            return Answer(204)
        match form.get("grant_type"):
            case "password":
                return self._by_password(app, form)
            case "client_credentials":
                if app["type"] == "installed":
                    return Answer(400, {"message": "Bad Request", "error": 400})
                return self._issue(app, None, form.get("scope") or ALL)
            case "refresh_token":
                return self._by_refresh_token(app, form)
        return Answer(200, {"error": "unsupported_grant_type"})

    def _app(self, request: Request) -> Object | None:
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            client, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        app = self._world.apps.get(client)
        return app if kind.lower() == "basic" and app and secrets.compare_digest(
            app["client_secret"].encode(), secret.encode()) else None

    def _by_password(self, app: Object, form: dict[str, str]) -> Answer:
        if app["type"] != "script":
            return Answer(200, {"error": "unauthorized_client"})
        account = self._world.accounts.get(form.get("username", "").lower())
        if account is None or account["password"] != form.get("password") or not self._world.exists(account["name"]):
            return Answer(200, {"error": "invalid_grant"})
        return self._issue(app, account["name"], form.get("scope") or ALL)

    def _by_refresh_token(self, app: Object, form: dict[str, str]) -> Answer:
        known = self.refresh.get(form.get("refresh_token", ""))
        if known is None or known["client_id"] != app["client_id"]:
            return Answer(400, {"message": "Bad Request", "error": 400})
        wanted = form.get("scope") or known["scope"]
        if known["scope"] != ALL and not set(wanted.split()) <= set(known["scope"].split()):
            return Answer(200, {"error": "invalid_scope"})
        refresh_token = known["token"]
        if self._settings.rotate:
            self.change("revoked", token=refresh_token)
            refresh_token = "refresh-" + secrets.token_hex(8)
            self.change("refresh", **{**known, "token": refresh_token})
        return self._issue(app, known["account"], wanted, refresh_token)

    def _issue(self, app: Object, account: str | None, scope: str, refresh_token: str | None = None) -> Answer:
        text = f"access-{len(self.access)}-{secrets.token_hex(8)}-".ljust(self._settings.token_length, "x")
        lifetime = self._settings.expires_in
        self.change("token", token=text, client_id=app["client_id"], account=account, scope=scope,
                    expires=time.time() + lifetime)
        renewed = {"refresh_token": refresh_token} if refresh_token else {}
        return Answer(200, {"access_token": text, "token_type": "bearer", "expires_in": lifetime, **renewed,
                            "scope": scope})
