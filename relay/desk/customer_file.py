"""A file of customers as another program wrote it: each row judged by itself, each mistake named by its line and column. No I/O."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from protocol.text import Line
from relay.desk import letters
from relay.desk.tickets import DEVICE_TYPES

REQUIRED = ("number", "name")
LENGTHS: Mapping[str, int] = {
    "number": 40, "name": 200, "phone": 40, "email": 200, "address": 200, "language": 2, "kind": 20,
    "device_type": 20, "device_name": 200, "device_reference": 60, "device_serial": 60,
    "contract_number": 40, "offer": 200, "terms": 200, "contract_began": 10,
}  # fmt: skip
"""The columns, and how many characters each holds. Only the required ones have to be there."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "language": ("fr", "en"),
    "kind": ("external", "internal"),
    "device_type": DEVICE_TYPES,
}
FIELD_CHARACTERS_MAX = 10_000


class WrongHeader(Exception):
    """The first line does not say what is in the columns."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong, where: the line as an editor counts them."""

    line: int
    column: str
    problem: str
    value: str


@dataclass(frozen=True)
class Row:
    """One customer, with a device and a contract where the file has them."""

    line: int
    customer: Mapping[str, str]
    device: Mapping[str, str] | None
    contract: Mapping[str, Any] | None


def read(lines: Iterable[str], zone: ZoneInfo) -> Iterator[Row | list[Mistake]]:
    """Each row, or all that is wrong with it. Commas or semicolons, as the first line has them.

    Raises:
        WrongHeader: a required column is missing, one is unknown, or one is there twice.
    """
    lines = iter(lines)
    header = next(lines, "").lstrip("\ufeff")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    _check_header(columns)
    reader: Any = csv.reader(lines, delimiter=delimiter, strict=True)
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    seen: set[int] = set()
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # What follows an open quotation mark cannot be told apart any more: each line is judged anew.
            yield [Mistake(reader.line_num + 1, "", f"not_readable: {error}", "")]
            reader = _ReaderAfter(reader, lines, delimiter)
            continue
        if fields:
            yield _row(reader.line_num + 1, columns, fields, seen, zone)


class _ReaderAfter:
    """A reader that goes on after a line that could not be read, with its count of lines."""

    def __init__(self, before: Any, lines: Iterator[str], delimiter: str) -> None:
        self._start = before.line_num
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)

    @property
    def line_num(self) -> int:
        return int(self._start + self._reader.line_num)

    def __next__(self) -> list[str]:
        return next(self._reader)


def _check_header(columns: list[str]) -> None:
    for name in columns:
        if name not in LENGTHS:
            raise WrongHeader(f"unknown column {name[:40]!r}; known are {', '.join(LENGTHS)}")
    for name in LENGTHS:
        if columns.count(name) > 1:
            raise WrongHeader(f"column {name} is there twice")
    for name in REQUIRED:
        if name not in columns:
            raise WrongHeader(f"column {name} is missing")


def _row(line: int, columns: list[str], fields: list[str], seen: set[int], zone: ZoneInfo) -> Row | list[Mistake]:
    if len(fields) != len(columns):
        return [Mistake(line, "", "wrong_number_of_fields", f"{len(fields)} ≠ {len(columns)}")]
    values = dict.fromkeys(LENGTHS, "") | {name: text.strip() for name, text in zip(columns, fields, strict=True)}
    mistakes = [
        Mistake(line, name, problem, values[name][:40]) for name in columns if (problem := _problem(name, values[name]))
    ]
    began: datetime | None = None
    if values["contract_began"]:
        try:
            began = datetime.combine(date.fromisoformat(values["contract_began"]), time(), zone)
        except ValueError:
            mistakes.append(Mistake(line, "contract_began", "not_a_date", values["contract_began"]))
    if values["number"]:
        mark = hash(values["number"])  # 8 bytes each rather than the texts of a million rows
        if mark in seen:
            mistakes.append(Mistake(line, "number", "twice_in_the_file", values["number"][:40]))
        seen.add(mark)
    if mistakes:
        return mistakes
    customer = {name: values[name] for name in ("number", "name", "phone", "email", "address")}
    customer |= {"language": values["language"] or "fr", "kind": values["kind"] or "external"}
    return Row(line, customer, _device(values), _contract(values, began))


def _device(values: Mapping[str, str]) -> dict[str, str] | None:
    found = {name: values[f"device_{name}"] for name in ("type", "name", "reference", "serial")}
    return found | {"type": found["type"] or "other"} if any(found.values()) else None


def _contract(values: Mapping[str, str], began: datetime | None) -> dict[str, Any] | None:
    if began is None:
        return None
    return {"number": values["contract_number"], "offer": values["offer"], "terms": values["terms"], "began_at": began}


def _problem(name: str, text: str) -> str:
    if not text:
        return "empty" if name in REQUIRED else ""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "not_utf8"
    if len(text) > LENGTHS[name]:
        return "too_long"
    try:
        msgspec.convert(text, Line)
    except msgspec.ValidationError:
        return "bad_characters"
    if name in CHOICES and text not in CHOICES[name]:
        return f"not_one_of {' '.join(CHOICES[name])}"
    if name == "email" and not letters.is_address(text):
        return "not_an_address"
    return ""
