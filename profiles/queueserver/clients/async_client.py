"""The same as `sync_client.py` with asyncio, and the events over a WebSocket: `python async_client.py queue rotation.json`."""

import asyncio
import json
import sys
from pathlib import Path

import httpx
import websockets


async def follow(url: str, headers: dict[str, str], uuids: list[str]) -> dict[str, str]:
    """Read events until all experiments have ended; their outcomes."""
    outcomes: dict[str, str] = {}
    async with websockets.connect(url, additional_headers=headers) as socket:
        async for message in socket:
            event = json.loads(message)
            print(event["sequence"], event["what"], event["sample"], event["detail"].get("imagesDone", ""))
            if event["what"] == "ended" and event["itemUuid"] in uuids:
                outcomes[event["itemUuid"]] = event["detail"]["outcome"]
            if len(outcomes) == len(uuids):
                return outcomes
    raise ConnectionError("the server has ended the stream; ask for the items' state")


async def main(folder: str, file: str, name: str = "staff") -> None:
    """Submit, start, follow."""
    state = json.loads((Path(folder) / "serve.json").read_text())
    secret = json.loads((Path(folder) / "keys.json").read_text())[name]["secret"]
    headers = {"Authorization": f"ApiKey {secret}"}
    async with httpx.AsyncClient(base_url=f"{state['http_url']}/mx", headers=headers) as client:
        after = (await client.get("/queue")).raise_for_status().json()["sequence"]
        answer = await client.post("/items", content=Path(file).read_bytes())
        if answer.is_error:
            sys.exit(answer.text)
        uuids = [item["uuid"] for item in answer.json()["items"]]
        (await client.post("/queue/start")).raise_for_status()
    url = f"{state['http_url'].replace('http', 'ws', 1)}/mx/events/ws?after={after}"
    print(json.dumps(await follow(url, headers, uuids), indent=1))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
