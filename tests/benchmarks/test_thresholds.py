"""Scenes on a desktop in memory are the same as everywhere; a film is found and left as the thresholds say."""

import pytest

from benchmarks import thresholds, thresholds_page
from benchmarks.array_canvas import ArrayCanvas
from benchmarks.scenes import SCENES
from benchmarks.thresholds_motion import FILMS, STILL, played
from tests.client_agent.screen.array_desktop import ArrayDesktop

STEPS = 2


@pytest.mark.parametrize("name", [name for name in SCENES if name != "idle"])
def test_a_scene_on_a_desktop_in_memory_is_what_must_be_seen(name: str) -> None:
    desktop = ArrayDesktop(1920, 1080)
    canvas, scene = ArrayCanvas(desktop), SCENES[name](1920, 1080)
    scene.prepare(canvas)
    for number in range(1, STEPS + 1):
        scene.step(canvas, number)
    assert (desktop.pixels[..., :3] == scene.seen_after(STEPS)[STEPS][..., :3]).all()


def test_a_film_is_one_from_its_second_picture_on_and_refined_in_vain_only_where_that_may_be_soon() -> None:
    film = FILMS[3]
    as_it_is = played(film)
    assert (as_it_is.film_after, as_it_is.vain_pictures) == (3, 0)
    with thresholds.exact_after(0.1):
        assert played(film).vain_pictures > 0


def test_the_same_again_gives_the_same_and_typing_is_no_film() -> None:
    seen = played(STILL[0])
    assert seen == played(STILL[0])
    assert seen.film_after is None


@pytest.mark.parametrize(("file", "name", "values"), [thresholds_page.BOXES, thresholds_page.WORKS])
def test_a_limit_of_the_page_is_written_where_the_benchmark_looks_for_it(
    file: str, name: str, values: tuple[int, ...]
) -> None:
    source = (thresholds_page.WEB / file).read_text(encoding="utf-8")
    assert f"const {name} = {values[0]};" in thresholds_page.with_limit(source, name, values[0])
    with pytest.raises(LookupError):
        thresholds_page.with_limit(source, "NOTHING_MAX", 1)
