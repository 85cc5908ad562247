"""`mainforte-relay import-customers`: a file is read to its end first; then all of it is taken, or nothing."""

import asyncio
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from relay.commands import staff
from relay.commands.terminal import CannotGoOn, _, ngettext, say
from relay.desk import customer_file, customer_import
from relay.desk.customer_file import Mistake, Row, WrongHeader
from relay.desk.people import Tenant
from relay.settings import Settings
from relay.storage.database import Database


class _Abandoned(Exception):
    """Leaves the transaction without keeping anything of it."""


def import_customers(settings: Settings, file: Path, report: Path | None, *, skip_wrong: bool) -> None:
    """Import the customers of `file`; mistakes go, a line each, into `report`.

    Raises:
        CannotGoOn: something is wrong and nothing was taken.
    """
    report = report or file.with_suffix(".mistakes.csv")
    zone = ZoneInfo(settings.time_zone)

    async def work(database: Database, tenant: Tenant) -> tuple[int, int]:
        wrong = 0
        with _report(report) as write:
            try:
                async with database.transaction() as connection:
                    count = 0
                    for batch in customer_import.batches(_right_ones(file, zone, write)):
                        known = await customer_import.known_numbers(connection, tenant, batch)
                        for mistake in known:
                            write(mistake)
                        if write.lines and not skip_wrong:
                            continue  # nothing will be taken: what is left is only judged
                        lines = {mistake.line for mistake in known}
                        before = count
                        count += await customer_import.add(
                            connection, tenant, [row for row in batch if row.line not in lines]
                        )
                        if count.bit_length() > before.bit_length():  # twice as many as when it was last looked at
                            await customer_import.look_again(connection)
                    wrong = write.lines
                    if wrong and not skip_wrong:
                        raise _Abandoned
            except _Abandoned:
                count = 0
        return count, wrong

    try:
        count, wrong = asyncio.run(staff.with_database(settings, work))
    except WrongHeader as error:
        raise CannotGoOn(f"{file}: {error}") from None
    if wrong and not skip_wrong:
        text = ngettext(
            "{count} line is wrong, so nothing was imported; the mistake stands in {report}.",
            "{count} lines are wrong, so nothing was imported; each mistake stands in {report}.",
            wrong,
            report=report,
        )
        raise CannotGoOn(text)
    say(_("Customers imported: {count}", count=count))
    if wrong:
        text = ngettext(
            "{count} line was left out; the mistake stands in {report}.",
            "{count} lines were left out; each mistake stands in {report}.",
            wrong,
            report=report,
        )
        say(text)
    else:
        report.unlink()


def _right_ones(file: Path, zone: ZoneInfo, write: "_Report") -> Iterator[Row]:
    """The rows that can be taken; what is wrong with the others is reported."""
    # What is no UTF-8 comes as surrogates, and is told with its line.
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        for found in customer_file.read(lines, zone):
            if isinstance(found, Row):
                yield found
            else:
                for mistake in found:
                    write(mistake)


class _Report:
    """Writes mistakes as they are found, and counts the lines that have any."""

    def __init__(self, file: object) -> None:
        self._writer = csv.writer(file)  # type: ignore[arg-type]
        self._writer.writerow(("line", "column", "problem", "value"))
        self._last = 0
        self.lines = 0

    def __call__(self, mistake: Mistake) -> None:
        if mistake.line != self._last:
            self.lines += 1
            self._last = mistake.line
        # A value that a spreadsheet would take for a formula is written as text.
        value = f"'{mistake.value}" if mistake.value[:1] in ("=", "+", "-", "@") else mistake.value
        self._writer.writerow((mistake.line, mistake.column, mistake.problem, value))


@contextmanager
def _report(path: Path) -> Iterator[_Report]:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield _Report(file)
