"""Headless Chromium for tests, driven over its own debugging protocol."""

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    # Nothing but this machine has a name.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)
WAIT_S = 30.0


class Tab:
    """One page of the browser, and all that it has told."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give an order and wait for its answer; events that come meanwhile are kept."""
        number = next(self._ids)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=WAIT_S))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def size(self, width: int, height: int, dark: bool = False) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """What an expression is on the page; a promise is awaited."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str, wait_s: float = WAIT_S) -> Any:
        """Wait until an expression is true on the page; returns its value."""
        deadline = time.monotonic() + wait_s
        while not (found := self.value(expression)):
            assert time.monotonic() < deadline, f"{expression} is still {found!r} after {wait_s} s"
            self.value("new Promise(done => setTimeout(done, 50))")
        return found

    def click(self, label: str) -> None:
        """Click in the middle of what has an accessible name, as a mouse does; waits until nothing lies above it."""
        find = f"[...document.querySelectorAll('[aria-label]')].find(e => e.ariaLabel === {json.dumps(label)})"
        self.until(f"!!{find}")
        self.value(f"{find}.scrollIntoView({{block: 'center'}})")
        place = self.until(
            f"(() => {{ const e = {find}, r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;"
            " return e.contains(document.elementFromPoint(x, y)) && e.getAnimations({subtree: true}).length === 0"
            " && !document.querySelector('.q-transition--leave-active, [class*=-enter-active]') && [x, y] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def screenshot(self) -> bytes:
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def complaints(self) -> list[str]:
        """Errors and warnings of the page: what scripts throw, log, and what fails to load."""
        self.send("Runtime.evaluate", expression="0")
        found = []
        for event in self.events:
            told = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(told["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(told["args"]))
            elif event["method"] == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(told["entry"]["text"])
        return found

    def hosts(self) -> set[str]:
        """Where the page has sent requests."""
        asked = [event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        urls = [told["request"]["url"] for told in asked]
        sockets = [event["params"]["url"] for event in self.events if event["method"] == "Network.webSocketCreated"]
        return {urlsplit(url).hostname or "" for url in (*urls, *sockets) if not url.startswith(("data:", "blob:"))}


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """A browser with one tab; `folder` is its profile."""
    assert CHROMIUM is not None
    port_file = folder / "DevToolsActivePort"
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, "HOME": str(folder)},
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + WAIT_S
        while not (port_file.exists() and "\n" in port_file.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, "Chromium does not start"
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        port = port_file.read_text().split()[0]
        with httpx.Client(trust_env=False) as client:
            pages = client.get(f"http://127.0.0.1:{port}/json/list").json()
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        with connect(address, max_size=2**26, proxy=None, close_timeout=0.2) as connection:
            yield Tab(connection)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
