"""Who may see the page: whoever has the token of its address, from this machine, on the page itself."""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # The framework compiles its templates in the page, hence eval; nothing is loaded from elsewhere.
    "Content-Security-Policy": "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none';"
    " object-src 'none'; base-uri 'self'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Lets through requests with the right cookie; `/?token=...` sets it.

    Args:
        app: What is guarded.
        token: The secret.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif not self._at_home(scope):
            await _refuse(scope, receive, send, "the page is served to this machine only, as 127.0.0.1")
        elif self._knows(self._given(scope)):
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http" and self._knows(_query_token(scope)):
            await self._let_in(scope, receive, send)
        else:
            await _refuse(scope, receive, send, "open the page with the address that `mxplans-sim view` has printed")

    def _at_home(self, scope: Scope) -> bool:
        """Whether the page was asked for by its own address, and by itself."""
        headers = Headers(scope=scope)
        hosts = [f"{name}:{scope['server'][1]}" for name in ("127.0.0.1", "localhost")]
        origins = [None, *(f"http://{host}" for host in hosts)]
        return headers.get("host") in hosts and headers.get("origin") in origins

    def _given(self, scope: Scope) -> str:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(Headers(scope=scope).get("cookie", ""))
        except CookieError:
            return ""
        values = {name: str(morsel.value) for name, morsel in cookies.items()}
        return values.get(_cookie(scope), "")

    def _knows(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self._token.encode())

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the cookie, and take the token out of the address."""
        response = RedirectResponse("/", status_code=303, headers=HEADERS)
        response.set_cookie(_cookie(scope), self._token, httponly=True, samesite="lax")
        await response(scope, receive, send)


def _cookie(scope: Scope) -> str:
    """Name of the cookie: all ports of a host share their cookies."""
    return f"mxplans_sim_view_{scope['server'][1]}"


def _query_token(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("token", [""])[0]


def _with_headers(send: Send) -> Send:
    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return send_more


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4403, "reason": reason})
    else:
        await PlainTextResponse(f"Not allowed: {reason}.", 403)(scope, receive, send)
