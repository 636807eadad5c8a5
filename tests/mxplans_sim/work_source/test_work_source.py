"""The work source over HTTP, and all that can be wrong with it."""

import asyncio
import json

import httpx
import pytest

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.servers.work_source.malformed import MALFORMED
from mxplans_sim.servers.work_source.server import WorkSourceServer
from mxplans_sim.settings.base import SettingsError
from mxplans_sim.truth import Truth

COLLECT = {
    "collect": {
        "collection": [{"omega_start": 0.0, "number_of_images": 3600, "exposure_time": 0.01, "comment": "first"}],
        "sample": {"id": 17, "container": 3, "position": 5, "loopType": "multipin_6x50+9"},
        "prefix": "lyso",
    }
}
SPEED_UP = 100.0


def on_source(work, *rules, instructions=(COLLECT, {"wait": 5})):
    async def main():
        clock = RealClock(SPEED_UP)
        faults = Faults(clock, 1, Truth(None, clock), [Rule.model_validate(rule) for rule in rules])
        source = WorkSourceServer(instructions, clock, faults)
        base = (await source.start())["work_source_url"]
        try:
            async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
                await work(client)
        finally:
            await source.stop()
            await source.stop()

    asyncio.run(main())


async def ask(client, path="/getnextcollect/i03"):
    return await client.get(path)


def test_each_instruction_is_given_once_and_then_there_is_no_more():
    async def work(client):
        assert (await ask(client)).json() == COLLECT
        assert (await ask(client, "/hyperion/v1/getnextcollect/i03")).json() == {"wait": 5}
        assert [(await ask(client)).json() for _ in range(2)] == [{}, {}]
        assert (await ask(client, "/other")).status_code == 404

    on_source(work)


def test_an_instruction_that_was_not_given_is_given_the_next_time():
    async def work(client):
        assert (await ask(client)).status_code == 500
        assert (await ask(client)).json() != COLLECT
        assert (await ask(client)).json() == COLLECT

    on_source(
        work, {"kind": "work_source_status", "parameters": {"status": 500}}, {"kind": "work_source_malformed", "nth": 1}
    )


def test_a_client_that_does_not_wait_gets_it_the_next_time():
    async def work(client):
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/getnextcollect/i03", timeout=0.05)
        await asyncio.sleep(0.2)
        assert (await ask(client)).json() == COLLECT

    on_source(work, {"kind": "work_source_hang", "parameters": {"seconds": 0.1 * SPEED_UP}})


@pytest.mark.parametrize("how", sorted(MALFORMED))
@pytest.mark.parametrize("instruction", [COLLECT, {"wait": 5}, {}])
def test_a_malformed_answer_is_neither_the_instruction_nor_one_at_all(how, instruction):
    before = json.dumps(instruction)
    text = MALFORMED[how](instruction)
    assert json.dumps(instruction) == before
    try:
        answer = json.loads(text)
    except ValueError:
        assert how in ("json", "html")
    else:
        assert answer != instruction


def test_malformed_answers_keep_their_outer_form():
    fields = json.loads(MALFORMED["fields"](COLLECT))["collect"]["collection"][0]
    assert fields == {"number_of_images": 3600, "comment": "first", "exposure_tims": 0.1}
    types = json.loads(MALFORMED["types"](COLLECT))["collect"]["sample"]
    assert types == {"id": "about 17", "container": "about 3", "position": "about 5", "loopType": ["multipin_6x50+9"]}
    numbers = json.loads(MALFORMED["numbers"](COLLECT))["collect"]["collection"][0]
    assert numbers["omega_start"] == -1.0
    assert numbers["number_of_images"] != numbers["number_of_images"]  # not a number


def test_ten_thousand_requests_in_a_burst_are_answered():
    async def work(client):
        host, port = client.base_url.host, client.base_url.port
        question = f"GET /getnextcollect/i03 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

        async def burst(number):
            reader, writer = await asyncio.open_connection(host, port)
            answers = []
            for _ in range(number):
                writer.write(question)
                head = await reader.readuntil(b"\r\n\r\n")
                answers.append(await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split()[0])))
            writer.close()
            await writer.wait_closed()
            return answers

        answers = [text for part in await asyncio.gather(*(burst(500) for _ in range(20))) for text in part]
        assert len(answers) == 10_000
        assert sorted(json.loads(text)["wait"] for text in answers if text != b"{}") == list(range(1, 51))

    on_source(work, instructions=[{"wait": number} for number in range(1, 51)])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (3, "instruction 2 of the work source is not an object"),
        ({"pause": 1}, "has pause; allowed are {}, wait"),
        ({"wait": 1, "collect": {}}, "has collect, wait"),
        ({"wait": -1}, "waits for -1 s"),
        ({"wait": True}, "waits for True s"),
        ({"wait": "5"}, "waits for '5' s"),
        ({"wait": float("inf")}, "waits for inf s"),
    ],
)
def test_what_is_no_instruction_is_refused(wrong, told):
    with pytest.raises(SettingsError, match=told):
        WorkSourceServer([COLLECT, wrong], RealClock())
