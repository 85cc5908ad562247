"""An organisation whose document asks for a witness: without it nothing is allowed, with it the session goes on as any other."""

import shutil
from collections.abc import Iterator

import pytest

from protocol import signed_note
from protocol.vocabulary import Capability
from tests.journeys.scene import Scene
from tests.journeys.stage import Server
from tests.journeys.text_agent import SEE
from tests.organisations import short_folder
from tests.relay.witness.programs import WitnessProgram, new_witness
from tests.waiting import eventually


@pytest.fixture(scope="module")
def witnessed() -> Iterator[tuple[Server, WitnessProgram]]:
    with short_folder() as folder:
        server = Server(folder)
        server.stop()
        organisation, witness = server.organisation, new_witness(folder)
        witness.run("follow", organisation.command("evidence", "key").strip())
        verifier = signed_note.verifier_text(witness.name, witness.key, signed_note.COSIGNATURE)
        with (organisation.folder / "mainforte.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'\nwitnesses = ["{verifier}@{witness.entry.address}"]\nwitness_quorum = 1\n')
        key, passphrase = str(folder / "carried-away.pem"), str(folder / "root-passphrase")
        organisation.command("sign-document", "--root-key", key, "--passphrase-file", passphrase)
        shutil.rmtree(organisation.folder / "agent")
        organisation.command("agent-package", "--output", str(organisation.folder / "agent"))
        server.start()
        yield server, witness
        server.stop()
        witness.kill()


@pytest.fixture
def server(witnessed: tuple[Server, WitnessProgram]) -> Server:
    return witnessed[0]


async def test_a_yes_counts_only_while_the_witness_cosigns(
    scene: Scene, witnessed: tuple[Server, WitnessProgram]
) -> None:
    _, witness = witnessed
    await scene.begin(Capability.VIEW)
    await scene.agent.answer(SEE)
    await eventually(
        lambda: "could not be written down" in scene.agent.said(), "the customer to be told", deadline_s=40
    )
    assert scene.session.capabilities == frozenset()
    scene.agent.close()
    witness.start()
    await scene.is_helped()
    assert await scene.log_says('"allowed"')
