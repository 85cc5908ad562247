"""Files in both directions between the real page and the real agent: exact bytes, at once over when the customer says so, all on record."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.journeys.stage import Stage

SOME_BYTES = bytes(range(256)) * 3000 + b"end"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def ask_for_files(stage: Stage) -> None:
    """The technician asks whether files may be exchanged; the question is before the customer."""
    await stage.page.locator("#files > summary").click()
    await stage.page.locator("#files-reason").fill("To send you the manual.")
    await stage.page.locator("#ask-files").click()
    await stage.customer_sees("Allow files")


async def allow_files(stage: Stage) -> None:
    await stage.reach_view()
    await ask_for_files(stage)
    await stage.press("Allow files")
    await expect(stage.page.locator("#files-allowed")).to_be_visible()


@pytest.mark.requirement("A84")
async def test_a_file_of_the_technicians_is_in_the_customers_folder_byte_for_byte_and_replaces_nothing(
    stage: Stage,
) -> None:
    await allow_files(stage)
    there = stage.desktop.downloads / "manual.pdf"
    there.write_bytes(b"the customer's own")
    await stage.page.locator("#file-chooser").set_input_files(
        {"name": "manual.pdf", "mimeType": "application/pdf", "buffer": SOME_BYTES}
    )
    await stage.technician_reads("In the customer’s folder for downloads")
    assert there.read_bytes() == b"the customer's own"
    kept = stage.desktop.downloads / "manual (2).pdf"
    assert kept.read_bytes() == SOME_BYTES
    assert kept.stat().st_mode & 0o111 == 0
    assert names_in(stage.desktop.downloads) == ["manual (2).pdf", "manual.pdf"]
    await stage.customer_reads("“manual (2).pdf” is in your folder for downloads.")


@pytest.mark.requirement("A83")
async def test_a_file_of_the_customers_is_asked_for_chosen_by_them_and_saved_byte_for_byte(stage: Stage) -> None:
    await allow_files(stage)
    theirs = stage.folder / "journal de la box.log"
    theirs.write_bytes(SOME_BYTES)
    await stage.page.locator("#file-what").fill("The log of the box, please")
    await stage.page.locator("#request-file").click()
    await stage.customer_reads("The log of the box, please")
    await asyncio.to_thread(stage.customer.choose_file, theirs)
    save = stage.page.locator("#file-list a[download]")
    async with stage.page.expect_download() as begun:
        await save.click()
    download = await begun.value
    assert download.suggested_filename == "journal de la box.log"
    assert Path(await download.path()).read_bytes() == SOME_BYTES
    await stage.customer_reads("“journal de la box.log” has been sent.")
    log = await stage.log_has("file_transferred")
    assert "journal" not in str(log.entries)
    await stage.press("End files")
    await expect(stage.page.locator("#files-ask")).to_be_visible()
    await stage.technician_reads("You see")
