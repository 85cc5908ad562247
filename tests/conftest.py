"""What tests of every part may use: displays, a browser, Node.js, the vectors shared with other projects."""

import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright, expect

from tests import organisations
from tests.browsers import SharedBrowser
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import DEADLINE_S

pytest_plugins = ["tests.watchdog"]

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = [
    "--headless",
    "--no-sandbox",  # tests may run as root, and open only our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Examples may be slow where a machine is busy; what takes too long is caught by the test's own time-out.
hypothesis.settings.register_profile("test", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=20_000)
hypothesis.settings.load_profile("test")


# Playwright's own five seconds are too short for a machine that does several things at once.
expect.set_options(timeout=DEADLINE_S * 1000)

# Whose tests mostly wait, for programs and for the time that these allow themselves; and whose compute for long. The rest is quick.
WAITING = ("journeys", "demo", "technician_viewer")
COMPUTING = ("relay", "client_agent", "benchmarks")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Run what uses a browser in one loop a file: the browser's driver belongs to the loop that started it, and starting takes long."""
    if "_driver" in getattr(item, "fixturenames", ()) and item.get_closest_marker("asyncio"):
        item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin files that wait and files that compute in turn, and quick ones last: several play at once, and no long one is left over."""
    files = [list(file) for _, file in itertools.groupby(items, key=lambda item: item.path)]
    folders = [file[0].path.relative_to(ROOT / "tests").parts[0] for file in files]

    def of(*wanted: str) -> list[list[pytest.Item]]:
        return [file for file, folder in zip(files, folders, strict=True) if folder in wanted]

    quick = [file for file, folder in zip(files, folders, strict=True) if folder not in (*WAITING, *COMPUTING)]
    in_turn: Iterator[tuple[list[pytest.Item], ...]] = itertools.zip_longest(of(*WAITING), of(*COMPUTING), fillvalue=[])
    items[:] = itertools.chain(*itertools.chain(*in_turn), *quick)


@pytest.fixture(scope="session", autouse=True)
def _made_organisations() -> Iterator[None]:
    """Those that were made to be copied end with the run."""
    yield
    organisations.forget()


@pytest.fixture
def xvfb() -> Iterator[Callable[..., VirtualDisplay]]:
    """Start displays: `xvfb(width_px=1280, height_px=800, window_manager=True)`; they end with the test."""
    with ExitStack() as displays:

        def start(width_px: int = 1280, height_px: int = 800, *, window_manager: bool = True) -> VirtualDisplay:
            return displays.enter_context(virtual_display(width_px, height_px, window_manager=window_manager))

        yield start


@pytest.fixture(scope="session")
def _shared_browser() -> Iterator[SharedBrowser]:
    # Our pages are all of one site: it holds no second process ready for each of them.
    shared = SharedBrowser(CHROMIUM, [*CHROMIUM_OPTIONS, "--disable-site-isolation-trials"])
    yield shared
    shared.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def _driver() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(loop_scope="module")
async def chromium(
    request: pytest.FixtureRequest, _driver: Playwright, _shared_browser: SharedBrowser
) -> AsyncIterator[Browser]:
    """A browser whose contexts are the test's own; all of it is where it says `own_browser`. It is driven in the loop of its file."""
    assert CHROMIUM.exists(), f"{CHROMIUM} is missing: ./run test installs it"
    if request.node.get_closest_marker("own_browser"):
        browser = await _driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
    else:
        browser = await _shared_browser.connected(_driver)
    yield browser
    await browser.close()


@pytest.fixture(scope="session")
def node() -> Path:
    """The Node.js that ./run setup chose."""
    path = Path(sys.prefix) / "bin" / "node"
    assert path.exists(), f"{path} is missing: ./run setup makes it"
    return path


@pytest.fixture(scope="session")
def shared_vectors() -> Path:
    """The folder of test vectors beside the repository, which not every checkout has."""
    folder = ROOT.parent / "shared" / "vectors"
    if not folder.is_dir():
        pytest.skip("no ../shared/vectors beside the repository")
    return folder
