"""Put an experiment on a served queue and wait for it: `python sync_client.py queue rotation.json`.

Arguments: the folder that `mxplans serve --out` was given, a file with a queue item (or a list, or an MXLIMS message), and
the name of the API key, `staff` if it is left out.
"""

import json
import sys
from pathlib import Path

import httpx


def connect(folder: Path, name: str) -> httpx.Client:
    """A client with the key and the address that the folder holds."""
    state = json.loads((folder / "serve.json").read_text())
    secret = json.loads((folder / "keys.json").read_text())[name]["secret"]
    return httpx.Client(base_url=f"{state['http_url']}/mx", headers={"Authorization": f"ApiKey {secret}"})


def submit(client: httpx.Client, content: bytes) -> list[str]:
    """Put it on the queue; the uuids of its experiments."""
    answer = client.post("/items", content=content)
    if answer.status_code == 422:
        for problem in answer.json()["detail"]:
            print(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}", file=sys.stderr)
    answer.raise_for_status()
    return [item["uuid"] for item in answer.json()["items"]]


def follow(client: httpx.Client, uuids: list[str], after: int) -> dict[str, str]:
    """Read events until all experiments have ended; their outcomes."""
    outcomes: dict[str, str] = {}
    with client.stream("GET", "/events", params={"after": after}, timeout=60) as stream:
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line.removeprefix("data: "))
            print(event["sequence"], event["what"], event["sample"], event["detail"].get("imagesDone", ""))
            if event["what"] == "ended" and event["itemUuid"] in uuids:
                outcomes[event["itemUuid"]] = event["detail"]["outcome"]
            if len(outcomes) == len(uuids):
                return outcomes
    raise ConnectionError("the server has ended the stream; ask for the items' state")


def main(folder: str, file: str, name: str = "staff") -> None:
    """Submit, start, follow."""
    with connect(Path(folder), name) as client:
        after = client.get("/queue").raise_for_status().json()["sequence"]
        uuids = submit(client, Path(file).read_bytes())
        client.post("/queue/start").raise_for_status()
        print(json.dumps(follow(client, uuids, after), indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
