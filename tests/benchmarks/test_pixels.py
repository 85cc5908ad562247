from pathlib import Path

import pytest

from benchmarks import pixels
from benchmarks.series import load


@pytest.mark.soak
async def test_ours_is_measured_through_the_real_programs_and_nothing_is_seen_before_it_is_painted(
    tmp_path: Path,
) -> None:
    plan = pixels.Plan(
        pixels.chosen(["mainforte"]), ["typing", "keys"], rounds=1, is_quick=True, folder=tmp_path, size=(1280, 800)
    )
    await pixels.run(plan)
    typing, keys = (load(tmp_path / f"{name}.json").rounds["mainforte"][0] for name in ("typing", "keys"))
    assert typing.missed == keys.missed == 0
    # Where the machine is busy a letter may be seen together with the next.
    assert 0 < typing.shown <= typing.painted
    assert all(each > 0 for each in (*typing.latency_ms, *keys.latency_ms, *keys.heard_ms))
    assert typing.exact_after_ms is not None
    assert typing.down_bytes > 0 < typing.processor_s["agent"]
