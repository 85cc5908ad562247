import math
from pathlib import Path

import pytest

from benchmarks import narrow, reach, report, verdicts
from benchmarks.pixels_report import write
from benchmarks.playing import Played, until_seen
from benchmarks.report import Row, Section
from benchmarks.series import Series, is_below, load, median

NOBODY = {"agent": 0.01, "relay": 0.0, "X server": 0.0, "browser": 0.1}


def played(latency_ms: float, *, down_bytes: int = 1000, psnr_db: float = math.inf) -> Played:
    return Played([latency_ms] * 3, 3, 3, 0, 1.0, down_bytes, 100, 50, NOBODY, 40.0, [psnr_db], [1.0])


def series(ours: list[Played], theirs: list[Played]) -> Series:
    circumstances = {"date": "2026-01-01", "commit": "abc", "screen": "small"}
    return Series("scroll", "scroll", circumstances, {"mainforte": ours, "other": theirs})


def test_a_step_that_was_never_seen_itself_counts_until_a_later_one_is_seen() -> None:
    painted = {1: 100.0, 2: 110.0, 3: 120.0, 4: 130.0}
    assert until_seen(painted, {1: 105.0, 3: 150.0}) == ([5.0, 40.0, 30.0], 1)
    assert until_seen(painted, {}) == ([], 4)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([1, 2, 3], [4, 5, 6], True),
        ([1, 2, 4.5], [4, 5, 6], False),
        ([1, math.nan, 3], [4, 5, 6], False),
        ([], [1], False),
    ],
)
def test_ahead_is_only_who_overlaps_in_no_repetition(ours: list[float], theirs: list[float], expected: bool) -> None:
    assert is_below(ours, theirs) is expected


def test_a_median_of_what_is_partly_missing_is_missing() -> None:
    assert median([3, 1, 2]) == 2
    assert math.isnan(median([1, math.nan, 2]))
    assert math.isnan(median([]))


def test_verdicts_say_ahead_behind_or_not_told_apart_and_nothing_of_too_few_rounds() -> None:
    quick, slow = [played(each) for each in (1, 2, 3)], [played(each) for each in (7, 8, 9)]
    assert str(verdicts.verdicts(series(quick, slow))[0]).startswith("latency p50: **ahead**; ours 2.00 (1.00–3.00)")
    assert "behind" in verdicts.verdicts(series(slow, quick))[0].word
    assert "not told apart" in verdicts.verdicts(series([*quick[:2], slow[0]], slow))[0].word
    assert "fewer than 3 rounds" in verdicts.verdicts(series(quick[:2], slow))[0].word


def test_half_of_the_best_is_asked_for_where_a_frame_of_the_browser_leaves_room() -> None:
    quick, slow = [played(each) for each in (18, 19, 20)], [played(each) for each in (50, 51, 52)]
    assert [each.what for each in verdicts.verdicts(series(quick, [played(33)] * 3))].count("latency p50") == 1
    assert "half" not in str(verdicts.verdicts(series(quick, [played(33)] * 3))[1])
    half = verdicts.verdicts(series(quick, slow))[1]
    assert (half.what, half.word) == ("latency p50, half of the best", "**ahead**")
    assert verdicts.verdicts(series([played(27)] * 3, slow))[1].word == "behind"


def test_one_copy_that_was_exact_does_not_make_the_others_so() -> None:
    mixed = played(1)
    mixed.psnr_db = [math.inf, 30.0]
    assert verdicts.psnr(mixed) == pytest.approx(33.01, abs=0.01)
    assert verdicts.psnr(played(1)) == math.inf


def test_bytes_are_compared_with_those_whose_picture_is_as_good() -> None:
    ours = [played(1, down_bytes=3000)] * 3
    coarse = [played(1, down_bytes=500, psnr_db=25)] * 3
    assert "nobody to be compared with" in verdicts.verdicts(series(ours, coarse))[1].word
    exact = [played(1, down_bytes=10_000)] * 3
    assert "**ahead**" in verdicts.verdicts(series(ours, exact))[1].word
    assert "behind" in verdicts.verdicts(series(ours, [played(1, down_bytes=8_000)] * 3))[1].word


def test_two_runs_are_laid_beside_each_other_by_what_they_say(tmp_path: Path) -> None:
    quick, slow = [played(1)] * 3, [played(5)] * 3
    results, plots = tmp_path / "RESULTS.md", tmp_path / "plots"
    series(quick, slow).save(tmp_path)
    write(tmp_path, results, plots)
    assert "twice in a row" not in results.read_text()
    series(slow, quick).save(tmp_path)
    write(tmp_path, results, plots)
    text = results.read_text()
    assert "The same: 2 of 3." in text
    assert "| scroll | latency p50 | **ahead** | behind |" in text
    assert "| scroll | agent's processor time | not told apart | not told apart |" in text


def test_a_series_that_was_kept_is_the_same_and_is_written_for_people_with_plots(tmp_path: Path) -> None:
    found = series([played(1)] * 3, [played(5, psnr_db=30)] * 3)
    found.save(tmp_path)
    assert load(tmp_path / "scroll.json") == found
    write(tmp_path, tmp_path / "RESULTS.md", tmp_path / "plots")
    text = (tmp_path / "RESULTS.md").read_text()
    assert "| scroll step, p50 | ≤ 10 ms | 1.00 ms | reached |" in text
    assert "## Beside the peers: scroll" in text
    assert "![latency](plots/latency.svg)" in text
    assert (tmp_path / "plots" / "latency.svg").read_text().count("<circle") == 6


def test_the_figures_to_reach_tell_of_what_is_measured_alone_too(tmp_path: Path) -> None:
    series([played(1)] * 3, [played(5)] * 3).save(tmp_path / "pixels")
    late = [
        Row("1 Mbit/s, 200 ms, mainforte: letter", [100.0, 261.0]),
        Row("1 Mbit/s, 200 ms, mainforte: film, age", [999.0]),
    ]
    lossy = Row("1 Mbit/s, 200 ms, 5 % loss, mainforte: letter", [120.0], missed=1)
    report.write(
        Section("narrow", "Narrow paths", "", [*late, lossy]), results=tmp_path / "RESULTS.md", output=tmp_path
    )
    write(tmp_path / "pixels", tmp_path / "RESULTS.md", tmp_path / "plots")
    text = (tmp_path / "RESULTS.md").read_text()
    assert "| 1 Mbit/s, 200 ms: typing while a film plays, p95 | ≤ 260 ms | 261.00 ms | not reached |" in text
    assert "| 1 Mbit/s, 200 ms: the oldest picture of the film | ≤ 1000 ms | 999.00 ms | reached |" in text
    assert "| the same with 5 % loss: typing, p95 | ≤ 600 ms | 120.00 ms, 1 never | not reached |" in text
    assert "own part of a glyph" not in text


def test_each_figure_that_is_measured_alone_is_one_that_its_benchmark_gives() -> None:
    rows = {
        row.name
        for path in narrow.PATHS
        for row in narrow.rows_of(f"{path}, mainforte", narrow.Found([], 0, [], [], None))
    }
    assert {each.row_name for each in reach.REACH_ALONE if each.benchmark == "narrow"} <= rows
