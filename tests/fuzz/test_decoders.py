"""Random inputs into every decoder at the edges: each is read or refused, in Python and on the page, and both agree.

A few seconds with every test run; for long by `./run fuzz --seconds N`. What is found becomes a case in test_found.py.
"""

import itertools
import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from relay.desk.api import NewSession, NewTicket, SignIn
from relay.desk.requests import Refusal, read_json
from tests.fuzz.decoders import DECODERS, Decoder
from tests.fuzz.mutations import mutations

INPUTS = 1500
SECONDS = float(os.environ.get("MAINFORTE_FUZZ_SECONDS", "60"))
TWINS = [decoder for decoder in DECODERS if decoder.has_twin]


class Twin:
    """The page's decoders in Node.js."""

    def __init__(self, node: Path) -> None:
        script = Path(__file__).parent / "decoders.mjs"
        self._process = subprocess.Popen(
            [str(node), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def outcome(self, name: str, data: bytes) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{name} {data.hex()}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture
def twin(node: Path) -> Iterator[Twin]:
    one = Twin(node)
    yield one
    one.close()


def check(decoder: Decoder, data: bytes, twin: Twin | None = None) -> None:
    """Hold that this input is read or refused; with `twin`, by the page alike."""
    try:
        outcome = decoder.outcome(data)
    except Exception as error:
        error.add_note(f"{decoder.name} was given {data!r}")
        raise
    if twin:
        assert twin.outcome(decoder.name, data) == outcome, f"{decoder.name} was given {data!r}"


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
def test_any_input_is_read_or_refused(decoder: Decoder) -> None:
    for data in itertools.islice(mutations(decoder.samples, seed=1), INPUTS):
        check(decoder, data)


@pytest.mark.parametrize("decoder", TWINS, ids=lambda decoder: decoder.name)
def test_the_page_reads_and_refuses_what_python_reads_and_refuses(decoder: Decoder, twin: Twin) -> None:
    for data in itertools.islice(mutations(decoder.samples, seed=2), INPUTS):
        check(decoder, data, twin)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
def test_the_good_inputs_reach_the_decoder(decoder: Decoder) -> None:
    read = [decoder.outcome(sample) for sample in decoder.samples]
    needs_more_than_one_input = {"organisation_document", "log_file"}
    assert "read" in read or decoder.name in needs_more_than_one_input


@pytest.mark.fuzz
@pytest.mark.parametrize("decoder", DECODERS, ids=lambda decoder: decoder.name)
def test_any_input_is_read_or_refused_for_long(decoder: Decoder, twin: Twin) -> None:
    seed = random.SystemRandom().randrange(2**32)
    end = time.monotonic() + SECONDS / len(DECODERS)
    for count, data in enumerate(mutations(decoder.samples, seed)):
        check(decoder, data, twin if decoder.has_twin else None)
        if time.monotonic() > end:
            print(f"{decoder.name}: {count} inputs, seed {seed}")
            return


async def test_any_body_is_taken_or_refused_by_the_desk() -> None:
    bodies = [
        b'{"name":"camille","password":"x","code":"1"}',
        b'{"subject":"a","customer_name":"b"}',
        b'{"reason":"r","asks":"view","key":""}',
    ]
    kinds: Iterator[type] = itertools.cycle((SignIn, NewTicket, NewSession))

    async def take(request: web.Request) -> web.Response:
        try:
            await read_json(request, next(kinds))
        except Refusal as refusal:
            return web.Response(status=refusal.status)
        return web.Response()

    desk = web.Application()
    desk.router.add_post("/", take)
    async with TestServer(desk) as server, aiohttp.ClientSession() as client:
        for body in itertools.islice(mutations(bodies, seed=3), INPUTS // 3):
            async with client.post(
                server.make_url("/"), data=body, headers={"Content-Type": "application/json"}
            ) as answer:
                assert answer.status in {200, 400, 413}, body
