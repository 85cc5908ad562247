"""How long the verifier inside an evidence pack needs for a session of two hours, as a program of its own."""

import asyncio
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Row, Section
from protocol.envelope import Audience
from protocol.media import MediaSealer
from protocol.recording import Segment
from protocol.session_log import Held, SegmentClosed, parse_entry
from protocol.vocabulary import Hold
from relay.evidence.pack import VERIFIER
from tests.relay.evidence import packs

RUNS, QUICK_RUNS = 10, 2
# Two hours in pieces of ten seconds, each with as much as ten seconds of office work, films among it, come to.
SEGMENTS, SEGMENT_BYTES = 720, 300_000
RECORD_BYTES = 30_000
OTHER_ENTRIES = 2000


async def measure(*, is_quick: bool = False) -> Section:
    """Verify one pack several times."""
    with tempfile.TemporaryDirectory(prefix="mainforte-bench-") as name:
        pack = await asyncio.to_thread(_two_hours, Path(name) / "evidence.zip")
        command = [sys.executable, str(VERIFIER), "--root", packs.ROOT_FINGERPRINT, str(pack)]
        took = []
        for _ in range(QUICK_RUNS if is_quick else RUNS):
            began = time.monotonic()
            await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
            took.append((time.monotonic() - began) * 1000)
        size = pack.stat().st_size
    return Section(
        "verifying",
        "Verifying a pack of two hours",
        "`verify.py` with the root given, from its start as a program to its end; every member is hashed, every signature checked. "
        "The pack is made for this: its records are random bytes.",
        [Row("verify.py on a session of two hours", took)],
        {"pack": f"{size / 1e6:.0f} MB, {SEGMENTS} segments, {SEGMENTS + OTHER_ENTRIES} entries and more"},
    )


def _two_hours(path: Path) -> Path:
    """A whole pack, signed and logged, of a session that long."""
    case = packs.a_case()
    events = [parse_entry(text).event for text in case.entries]
    head, tail = events[:5], events[8:]
    sealer, first, segments = MediaSealer(), 0, []
    sealer.start_epoch(secrets.token_bytes(32))
    for number in range(SEGMENTS):
        segment = Segment()
        for _ in range(SEGMENT_BYTES // RECORD_BYTES):
            # As parts go: one that nobody opens here.
            segment.add(sealer.seal(secrets.token_bytes(RECORD_BYTES), audience=Audience.ALL))
        count = segment.records
        closed = SegmentClosed(number, 1, number == 0, first, first + count, count, segment.bytes, 1, 2, segment.hash)
        segments.append(closed)
        case.segments[number] = segment.data
        first += count
    others = [Held(Hold.PAUSED)] * OTHER_ENTRIES
    packs.write_chain(case, [*head, *segments, *others, *tail])
    packs.sign_heads(case)
    packs.log_session(case)
    return case.write(path)
