"""The log of sessions and real witnesses: what they cosign, what they refuse, and what is handed out without them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from protocol import signed_note
from protocol.identity import public_bytes
from protocol.log_of_sessions import Handled, Trust, read_checkpoint, verify_logged, witnesses_of
from relay.desk.people import Tenant, tenant_of
from relay.evidence import log_of_sessions
from relay.evidence.checkpoints import Checkpoints, LogWasRewound, NotCosigned
from relay.evidence.witnesses import Witnesses
from relay.storage.database import migrate, open_database
from tests.protocol.logs import LOG, ORIGIN
from tests.relay.witness.programs import WitnessProgram, new_witness

LOG_KEY = signed_note.verifier_text(ORIGIN, public_bytes(LOG), signed_note.ED25519)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[WitnessProgram]]:
    """Two witnesses; each test has them forget everything."""
    programs = [new_witness(tmp_path_factory.mktemp("witnesses"), number) for number in (1, 2)]
    for program in programs:
        program.run("follow", LOG_KEY)
        program.start()
    yield programs
    for program in programs:
        program.kill()


@pytest.fixture
def programs(made: list[WitnessProgram]) -> list[WitnessProgram]:
    for program in made:
        for note in (program.folder / "seen").glob("*"):
            note.unlink()
        if program.process is None:
            program.start()
    return made


class Log:
    """A log of sessions in a database of its own."""

    def __init__(self, folder: Path, programs: list[WitnessProgram], quorum: int) -> None:
        migrate(folder / "database.sqlite3")
        self.folder = folder
        entries = [program.entry for program in programs]
        self.trust = Trust(ORIGIN, (public_bytes(LOG),), tuple((each.name, each.key) for each in entries), quorum)
        self.database = open_database(folder / "database.sqlite3")
        self.witnesses = Witnesses(entries)

    async def begin(self) -> "Log":
        self.tenant: Tenant = await tenant_of(self.database, "Télé Test", "f" * 43)
        carried = self.folder / "carried"
        self.checkpoints = Checkpoints(self.database, self.tenant, (LOG,), self.trust, self.witnesses, carried)
        await self.checkpoints.begin()
        return self

    async def grow(self, count: int, what: str = "watched") -> None:
        for _ in range(count):
            async with self.database.transaction() as connection:
                leaf = Handled(log_of_sessions.new_salt(), "a" * 32, what, bytes(32))
                await log_of_sessions.append(connection, self.tenant, leaf)

    async def close(self) -> None:
        await self.checkpoints.close()
        await self.database.close()


@pytest.fixture
async def log(tmp_path: Path, programs: list[WitnessProgram]) -> AsyncIterator[Log]:
    log = await Log(tmp_path, programs, quorum=1).begin()
    yield log
    await log.close()


async def test_what_is_proven_is_cosigned_by_as_many_as_are_asked_for_and_later_by_all(log: Log) -> None:
    for count in (1, 1, 5):
        await log.grow(count)
        async with log.database.transaction() as connection:
            size = await log_of_sessions.size_of(connection, log.tenant)
        logged = await log.checkpoints.logged(size - 1)
        assert verify_logged(logged, log.trust)[1].size == size
        await log.checkpoints.keep_up()
        assert len(witnesses_of(log.checkpoints.newest, log.trust.witnesses)) == 2


async def test_a_witness_that_is_away_is_not_missed_while_enough_are_there(
    log: Log, programs: list[WitnessProgram]
) -> None:
    programs[0].kill()
    await log.grow(2)
    await log.checkpoints.logged(1)
    assert witnesses_of(log.checkpoints.newest, log.trust.witnesses) == [programs[1].name]
    programs[0].start()
    await log.checkpoints.keep_up()
    assert len(witnesses_of(log.checkpoints.newest, log.trust.witnesses)) == 2


async def test_without_enough_witnesses_nothing_is_proven_and_once_they_are_back_it_is(
    log: Log, programs: list[WitnessProgram], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.evidence.checkpoints.TRY_AGAIN_AFTER_S", 0)
    for program in programs:
        program.kill()
    await log.grow(1)
    with pytest.raises(NotCosigned):
        await log.checkpoints.logged(0)
    assert log.checkpoints.size == 0
    programs[0].start()
    await log.checkpoints.logged(0)


async def test_a_witness_that_was_killed_remembers_what_it_has_cosigned(
    log: Log, programs: list[WitnessProgram]
) -> None:
    await log.grow(3)
    await log.checkpoints.keep_up()
    for program in programs:
        program.kill()
        program.start()
        async with aiohttp.ClientSession() as client:
            url = f"{program.entry.address}/latest"
            async with client.get(url, params={"origin": ORIGIN}) as answer:
                note = signed_note.parse(await answer.text())
            assert read_checkpoint(note).size == 3
            signed_note.verify(note, ORIGIN, public_bytes(LOG))
            signed_note.cosigned_at(note, program.name, program.key)
            async with client.get(url, params={"origin": "somebody else's"}) as answer:
                assert answer.status == 404
    await log.grow(1)
    await log.checkpoints.logged(3)


async def test_a_relay_that_forgot_what_each_witness_has_seen_learns_it_from_them(
    log: Log, programs: list[WitnessProgram]
) -> None:
    await log.grow(3)
    await log.checkpoints.keep_up()
    again = await Log(log.folder, programs, quorum=2).begin()
    await again.grow(2)
    await again.checkpoints.logged(4)
    await again.close()


async def test_a_log_that_shows_two_views_is_cosigned_in_one_only(
    log: Log, programs: list[WitnessProgram], tmp_path: Path
) -> None:
    await log.grow(5)
    await log.checkpoints.keep_up()
    (tmp_path / "fork").mkdir()
    fork = await Log(tmp_path / "fork", programs, quorum=1).begin()
    for count in (5, 2):  # as long as what was cosigned, then longer
        await fork.grow(count, "forged")
        with pytest.raises(NotCosigned):
            await fork.checkpoints.logged(4)
        assert fork.witnesses.disagreeing == {program.name for program in programs}
        fork.checkpoints._failed_at = -10
    await fork.close()


async def test_an_older_state_put_back_is_noticed_by_the_carried_checkpoint_and_without_it_by_the_witnesses(
    log: Log, programs: list[WitnessProgram]
) -> None:
    await log.grow(2)
    await log.checkpoints.keep_up()
    older = (log.folder / "database.sqlite3").read_bytes()
    await log.grow(3)
    await log.checkpoints.keep_up()
    await log.close()
    (log.folder / "database.sqlite3").write_bytes(older)
    with pytest.raises(LogWasRewound, match="2 leaves where 5 were published"):
        await Log(log.folder, programs, quorum=1).begin()
    (log.folder / "carried").unlink()
    rewound = await Log(log.folder, programs, quorum=1).begin()
    await rewound.grow(1)
    with pytest.raises(NotCosigned):
        await rewound.checkpoints.logged(2)
    assert rewound.witnesses.disagreeing
    await rewound.grow(4)
    rewound.checkpoints._failed_at = -10
    with pytest.raises(NotCosigned):
        await rewound.checkpoints.logged(6)
    await rewound.close()


async def test_another_beginning_of_the_same_length_is_noticed_by_the_carried_checkpoint(
    log: Log, tmp_path: Path
) -> None:
    await log.grow(3)
    await log.checkpoints.keep_up()
    (tmp_path / "other").mkdir()
    other = await Log(tmp_path / "other", [], quorum=0).begin()
    await other.grow(3)
    await other.close()
    (tmp_path / "other" / "carried").write_bytes((log.folder / "carried").read_bytes())
    with pytest.raises(LogWasRewound, match="not those that were published"):
        await Log(tmp_path / "other", [], quorum=0).begin()
