import json
import math
from pathlib import Path

import pytest

from benchmarks.report import Row, Section, added, as_markdown, percentile, read, with_section, write


def section(title: str, *samples_ms: float) -> Section:
    return Section(title.lower(), title, "How.", [Row("a thing", samples_ms, missed=1)], {"screen": "small"})


@pytest.mark.parametrize(("percent", "expected"), [(0, 1.0), (50, 3.0), (95, 5.0), (100, 5.0), (20, 1.0), (21, 2.0)])
def test_a_percentile_is_a_sample_that_so_many_do_not_exceed(percent: float, expected: float) -> None:
    assert percentile([5.0, 1.0, 4.0, 2.0, 3.0], percent) == expected


def test_no_samples_have_no_percentile() -> None:
    assert math.isnan(percentile([], 50))


def test_a_row_tells_how_many_were_counted_and_how_many_were_missed() -> None:
    assert "| a thing | 2 | 1.0 | 1.0 | 2.0 | 2.0 | 2.0 | 1 |" in as_markdown(section("Speed", 2.0, 1.0))


def test_a_new_section_replaces_its_last_version_and_leaves_the_others() -> None:
    results = ""
    for each in (section("Speed", 1.0), section("Weight", 7.0), section("Speed", 3.0)):
        results = with_section(results, each)
    assert results.startswith("# What was measured\n")
    assert results.count("## Speed\n") == results.count("## Weight\n") == 1
    assert results.index("## Speed") < results.index("| 3.0 |") < results.index("## Weight") < results.index("| 7.0 |")
    assert "| 1.0 | 1.0 |" not in results
    assert with_section(results, section("Speed", 3.0)) == results


def test_every_repetition_is_kept_for_machines(tmp_path: Path) -> None:
    write(section("Speed", 2.0, 1.0), results=tmp_path / "RESULTS.md", output=tmp_path / "out")
    kept = json.loads((tmp_path / "out" / "speed.json").read_text())
    assert kept["rows"] == [{"name": "a thing", "samples_ms": [2.0, 1.0], "missed": 1}]
    assert (tmp_path / "RESULTS.md").read_text() == with_section("", section("Speed", 2.0, 1.0))


def test_another_run_adds_its_repetitions_and_what_it_counted(tmp_path: Path) -> None:
    def run(*samples_ms: float, lost: int) -> Section:
        return Section("speed", "Speed", "How.", [Row("a thing", samples_ms, missed=1)], {"load": "1"}, {"lost": lost})

    write(run(2.0, 1.0, lost=1), results=tmp_path / "RESULTS.md", output=tmp_path)
    earlier = read("speed", output=tmp_path)
    assert earlier
    both = added(earlier, run(4.0, lost=2))
    assert both.rows == [Row("a thing", [2.0, 1.0, 4.0], missed=2)]
    assert both.counts == {"lost": 3}
    assert read("weight", output=tmp_path) is None
    with pytest.raises(ValueError, match="did not measure the same"):
        added(Section("speed", "Speed", "How.", [Row("another thing", [1.0])]), run(lost=0))
