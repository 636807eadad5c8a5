import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from mxplans_sim.view.page.guard import Guard

PORT, TOKEN = 4321, "right"
HOME = f"http://127.0.0.1:{PORT}"


async def page(scope, receive, send):
    """What is guarded: a page, and a socket that says hello."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("inside")(scope, receive, send)


class Client:
    """A browser: keeps cookies."""

    def __init__(self):
        self.cookies = httpx.Cookies()

    def get(self, path, **options):
        async def ask():
            transport = httpx.ASGITransport(Guard(page, TOKEN))
            async with httpx.AsyncClient(transport=transport, base_url=HOME, cookies=self.cookies) as client:
                answer = await client.get(path, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def socket(self, **headers):
        """What the guard answers to the opening of a socket."""
        sent = []
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        named = {"host": HOME.removeprefix("http://"), "origin": HOME, "cookie": cookie} | headers
        raw = [(name.encode(), value.encode()) for name, value in named.items()]

        async def ask():
            async def send(message):
                sent.append(message["type"])

            scope = {
                "type": "websocket",
                "path": "/socket",
                "query_string": b"",
                "headers": raw,
                "server": ("127.0.0.1", PORT),
            }
            await Guard(page, TOKEN)(scope, None, send)

        asyncio.run(ask())
        return sent


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def known(client):
    client.get(f"/?token={TOKEN}")
    return client


def test_the_address_with_the_token_lets_in_and_hides_the_token(client):
    answer = client.get(f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert client.get("/").text == "inside"


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?token=righ", "/?token=ri%ffght"])
def test_nobody_else_gets_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 403
    assert "mxplans-sim view" in answer.text and "inside" not in answer.text


def test_a_cookie_of_another_page_does_not_open_this_one(client):
    client.cookies.set(f"mxplans_sim_view_{PORT + 1}", TOKEN)
    assert client.get("/").status_code == 403


@pytest.mark.parametrize("cookie", ["", "mxplans_sim_view_4321=", "=;;=", "mxplans_sim_view_4321=\x7f"])
def test_strange_cookies_are_wrong_ones(client, cookie):
    assert client.get("/", headers={"Cookie": cookie}).status_code == 403


def test_another_name_for_this_machine_is_refused(known):
    """A page of somebody else can give its own name this machine's address."""
    assert known.get("/", headers={"Host": f"evil.example:{PORT}"}).status_code == 403
    assert known.get("/", headers={"Host": "127.0.0.1:80"}).status_code == 403


def test_orders_of_other_pages_are_refused(known):
    assert known.get("/", headers={"Origin": "http://evil.example"}).status_code == 403
    assert known.get("/", headers={"Origin": HOME}).status_code == 200


def test_sockets_are_guarded_as_well(client):
    assert client.socket() == ["websocket.close"]
    client.get(f"/?token={TOKEN}")
    assert client.socket() == ["websocket.accept"]
    assert client.socket(origin="http://evil.example") == ["websocket.close"]
    assert client.socket(host="evil.example:4321") == ["websocket.close"]


def test_the_page_may_load_nothing_from_elsewhere(known):
    headers = known.get("/").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "http" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
