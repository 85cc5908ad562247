"""A desk of a million tickets, filled in minutes and kept: the rows that the product would have written, without its transactions.

A ticket is a replay of its events, so what is stored beside them is taken from the product's own replay. Some thousand cases are invented
and replayed; each ticket is one of them, with its own customer, device, number and times. The same seed gives the same desk.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

from benchmarks import desk_texts
from benchmarks.bulk import Bulk, into
from protocol.codec import encode
from relay import demo_desk
from relay.desk import guided_call, levels, ticket_store, tickets
from relay.desk.people import Tenant
from relay.desk.publishing import Article, Drafted, Published, Submitted
from relay.storage import search, tables
from relay.storage.database import open_database, url_of
from relay.storage.words import index_terms

CASES = 5000
DAYS = 3 * 365
_CHUNK = 20_000
TICKETS_FROM = 1_000_000
# What the French regulator keeps for fiction.
_PHONES = ("01 99 00", "02 61 91", "03 53 01", "04 65 71", "05 36 49", "06 39 98")
_KINDS = {"television": ("no-picture",), "box": ("slow-wifi", "return"), "computer": ("mailbox", "set-up")}


@dataclass(frozen=True)
class Size:
    """How much there is."""

    tickets: int
    people: int
    articles: int
    customers: int


FULL = Size(1_000_000, 5000, 50_000, 200_000)
QUICK = Size(10_000, 500, 1000, 3000)


@dataclass(frozen=True)
class Case:
    """One invented case, replayed."""

    product: str
    events: tuple[tuple[str, bool], ...]
    """Each as it is stored, and whether a customer caused it."""
    columns: dict[str, Any]
    title: list[str]
    words: list[str]
    article: int
    """Which article it was solved with; 0 for none."""


def fill(place: Path | str, size: Size, *, seed: int = 6) -> dict[str, float]:
    """Fill the database of an organisation that has been made, with the demonstration's documents in it; seconds by step."""
    took: dict[str, float] = {}
    filling = _Filling(place, size, seed)
    with into(place) as bulk:
        for name, step in (
            ("people", filling.put_people),
            ("articles", filling.put_articles),
            ("customers", filling.put_customers),
            ("tickets", filling.put_tickets),
        ):
            began = time.monotonic()
            step(bulk)
            took[name] = time.monotonic() - began
        began = time.monotonic()
    asyncio.run(filling.learn(place))
    took["words, and the rest"] = time.monotonic() - began
    return took


class _Filling:
    def __init__(self, place: Path | str, size: Size, seed: int) -> None:
        self._size, self._dice = size, random.Random(seed)
        engine = create_engine(url_of(place))
        with engine.connect() as connection:
            row = connection.execute(select(tables.service)).first()
            assert row is not None
        engine.dispose()
        self._tenant = (row.organisation_id, row.id)
        self._now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        self._people: list[tuple[int, str]] = []
        self._articles: list[int] = []
        self._customers: list[tuple[int, str, str, int]] = []
        """Id, name, number, and the id of the first of their three devices."""
        self._known: set[str] = set()

    def put_people(self, bulk: Bulk) -> None:
        first, first_grant, first_skill = (bulk.highest(name) + 1 for name in ("person", "role_grant", "skill"))
        rows, grants = [], []
        skills: list[tuple[Any, ...]] = []
        for n in range(self._size.people):
            full_name = self._name()
            role = self._dice.choices(("adviser", "technician", "expert", "supervisor"), (70, 22, 6, 2))[0]
            name = f"agent{n:04}"
            rows.append((first + n, *self._tenant, name, full_name, "!", True, self._now, "experienced"))
            grants.append((first_grant + n, *self._tenant, first + n, role, self._now))
            if role == "expert":
                domain = self._dice.choice(desk_texts.PRODUCTS)
                skills.append((first_skill + len(skills), *self._tenant, first + n, domain, 3))
            self._people.append((first + n, name))
        who = ("name", "full_name", "password_hash", "is_active", "created_at", "seniority")
        bulk.put("person", ("id", *_TENANT, *who), rows)
        bulk.put("role_grant", ("id", *_TENANT, "person_id", "role", "granted_at"), grants)
        bulk.put("skill", ("id", *_TENANT, "person_id", "domain", "grade"), skills)

    def put_articles(self, bulk: Bulk) -> None:
        first, entry = bulk.highest("document") + 1, bulk.highest("search_entry") + 1
        event = bulk.highest("document_event") + 1
        self._articles = list(range(first, first + self._size.articles))
        documents, events = [], []
        entries: dict[str, list[tuple[int, list[str], list[str]]]] = {"article": [], "tutorial": []}
        found: list[tuple[Any, ...]] = []
        for n, document in enumerate(self._articles):
            product = self._dice.choice(desk_texts.PRODUCTS)
            is_public = self._dice.random() < 0.02
            texts = desk_texts.article(self._dice, product)
            article = Article(
                "fr", product=product, audience="customers" if is_public else "desk", guide=False, **texts
            )
            at = self._now - timedelta(days=self._dice.randrange(30, DAYS))
            values = ("article", f"bulk-{n:06}", article.title, "published", 1, 1, at)
            documents.append((document, *self._tenant, *values))
            for number, each in enumerate((Drafted(article, "claire.demo", 0), Submitted(), Published(1, "paul.demo"))):
                events.append((event, *self._tenant, document, number, at, None, encode(each).decode()))
                event += 1
            text = "\n".join((article.issue, article.environment, article.resolution, article.cause))
            terms = index_terms(article.title), index_terms(text)
            for kind in ("article", "tutorial") if is_public else ("article",):
                entries[kind].append((entry, *terms))
                found.append((entry, *self._tenant, kind, document))
                entry += 1
        columns = ("kind", "name", "title", "state", "in_force", "newest", "changed_at")
        bulk.put("document", ("id", *_TENANT, *columns), documents)
        bulk.put("document_event", ("id", *_TENANT, "document_id", "number", "at", "person_id", "event"), events)
        bulk.put("search_entry", ("id", *_TENANT, "kind", "subject_id"), found)
        for kind, some in entries.items():
            self._put_search(bulk, kind, some)

    def put_customers(self, bulk: Bulk) -> None:
        first, entry = bulk.highest("customer") + 1, bulk.highest("search_entry") + 1
        device, contract = bulk.highest("device") + 1, bulk.highest("contract") + 1
        with bulk.without_indexes("customer", "device", "contract"):
            for start in range(0, self._size.customers, _CHUNK):
                rows, devices, contracts, entries, found = [], [], [], [], []
                for n in range(start, min(start + _CHUNK, self._size.customers)):
                    name, number = self._name(), f"C-{3_000_000 + n}"
                    phone = f"{self._dice.choice(_PHONES)} {n // 100 % 100:02} {n % 100:02}"
                    street, town = self._dice.choice(demo_desk.STREETS), self._dice.choice(demo_desk.TOWNS)
                    address = f"{self._dice.randrange(1, 90)} {street}, {town}"
                    mail = f"client{n}@example.org"
                    rows.append((first + n, *self._tenant, number, name, phone, mail, address, "external", "fr", 1))
                    for kind, shown, reference in demo_desk.DEVICES:
                        serial = f"{reference}-{self._dice.randrange(10**8):08}"
                        devices.append((device, *self._tenant, first + n, kind, shown, reference, serial))
                        device += 1
                    offer, terms = self._dice.choice(demo_desk.OFFERS)
                    began = self._now - timedelta(days=self._dice.randrange(60, 1500))
                    contracts.append((contract + n, *self._tenant, first + n, f"K-{n:06}", offer, terms, began))
                    text = f"{number} {phone} {phone.replace(' ', '')} {mail} {address}"
                    entries.append((entry, index_terms(name), index_terms(text)))
                    found.append((entry, *self._tenant, "customer", first + n))
                    entry += 1
                    self._customers.append((first + n, name, number, device - len(demo_desk.DEVICES)))
                who = ("number", "name", "phone", "email", "address", "kind", "language", "version")
                bulk.put("customer", ("id", *_TENANT, *who), rows)
                what = ("type", "name", "reference", "serial")
                bulk.put("device", ("id", *_TENANT, "customer_id", *what), devices)
                bulk.put("contract", ("id", *_TENANT, "customer_id", "number", "offer", "terms", "began_at"), contracts)
                bulk.put("search_entry", ("id", *_TENANT, "kind", "subject_id"), found)
                self._put_search(bulk, "customer", entries)

    def put_tickets(self, bulk: Bulk) -> None:
        cases = [self._case() for _ in range(min(CASES, self._size.tickets))]
        names = ("ticket", "ticket_event", "article_use", "search_entry")
        first, event, use, entry = (bulk.highest(name) + 1 for name in names)
        columns = tuple(cases[0].columns)
        began = self._now - timedelta(days=DAYS)
        device_of = {kind: place for place, (kind, _, _) in enumerate(demo_desk.DEVICES)}
        with bulk.without_indexes("ticket", "ticket_event", "article_use", "search_ticket"):
            for start in range(0, self._size.tickets, _CHUNK):
                rows, events, uses, entries, found = [], [], [], [], []
                for n in range(start, min(start + _CHUNK, self._size.tickets)):
                    case, number = self._dice.choice(cases), TICKETS_FROM + n
                    customer_id, name, known_as, device_id = self._dice.choice(self._customers)
                    place = device_of[case.product]
                    person, _ = self._dice.choice(self._people)
                    at = began + timedelta(seconds=DAYS * 86_400 * n // self._size.tickets)
                    for position, (text, is_customer) in enumerate(case.events):
                        at += timedelta(seconds=self._dice.randrange(20, 200))
                        by = None if is_customer else person
                        events.append((event, *self._tenant, first + n, position, min(at, self._now), by, text))
                        event += 1
                    at = min(at, self._now)
                    told = (number, customer_id, device_id + place, at, *case.columns.values())
                    rows.append((first + n, *self._tenant, *told))
                    if case.article:
                        uses.append((use, *self._tenant, case.article, first + n, 1, "used", at))
                        use += 1
                    who = index_terms(f"{name} {known_as} {demo_desk.DEVICES[place][1]}")
                    entries.append((entry, [str(number), *case.title], [*who, *case.words]))
                    found.append((entry, *self._tenant, "ticket", first + n))
                    entry += 1
                told_by = ("number", "customer_id", "device_id", "changed_at", *columns)
                bulk.put("ticket", ("id", *_TENANT, *told_by), rows)
                bulk.put("ticket_event", ("id", *_TENANT, "ticket_id", "number", "at", "person_id", "event"), events)
                bulk.put("article_use", ("id", *_TENANT, "document_id", "ticket_id", "level", "how", "at"), uses)
                bulk.put("search_entry", ("id", *_TENANT, "kind", "subject_id"), found)
                self._put_search(bulk, "ticket", entries)

    async def learn(self, place: Path | str) -> None:
        """Let the product remember how words are spelt."""
        database = open_database(place)
        async with database.transaction() as connection:
            await search.learn(connection, Tenant(*self._tenant), self._known)
        await database.close()

    def _put_search(self, bulk: Bulk, kind: str, entries: list[tuple[int, list[str], list[str]]]) -> None:
        bulk.put_search(kind, entries)
        terms = itertools.chain.from_iterable((*title, *words) for _, title, words in entries)
        self._known.update(term for term in terms if not term.isdigit())

    def _name(self) -> str:
        return f"{self._dice.choice(demo_desk.FIRST_NAMES)} {self._dice.choice(demo_desk.LAST_NAMES)}"

    def _case(self) -> Case:
        product = self._dice.choice(desk_texts.PRODUCTS)
        article = self._dice.choice(self._articles) if self._dice.random() < 0.2 else 0
        subject, said = desk_texts.subject(self._dice, product), desk_texts.complaint(self._dice, product)
        history = list(self._plot(product, subject, said, article))
        ticket = tickets.rebuild(history)
        texts = [*ticket_store.texts_of(history)]
        customers = levels.CustomerTested, tickets.TicketOpened
        stored = tuple((encode(event).decode(), isinstance(event, customers)) for event in history)
        columns = ticket_store.columns_of(ticket, len(history))
        return Case(product, stored, columns, index_terms(subject), index_terms("\n".join(texts)), article)

    def _plot(self, product: str, subject: str, said: str, article: int) -> Iterator[tickets.TicketEvent]:
        """What happens: nineteen of twenty are solved, one of ten goes to level 2."""
        dice, helped = self._dice, desk_texts.solution(self._dice)
        _, handler = dice.choice(self._people)
        is_open, goes_up = dice.random() < 0.05, dice.random() < 0.1
        yield tickets.TicketOpened(subject, said)
        yield levels.KindChosen(dice.choice(_KINDS[product]), 1)
        yield guided_call.CallBegun("phone")
        yield guided_call.ScriptSaid("greeting", "greeting", 1)
        yield guided_call.WordsHeard(said)
        yield levels.Assessed(subject, "complex" if goes_up else "low")
        if goes_up:
            yield levels.Escalated(1, 2, "television" if product == "television" else "internet", helped, {})
            yield levels.Taken(handler, "")
        if is_open:
            yield guided_call.CallEnded("")
            return
        if article:
            yield levels.ArticleLinked(article, 1, "used")
        yield levels.SolutionGiven(helped, is_new=False, to="customer")
        yield levels.CustomerTested(works=True, words="Merci, tout marche.")
        yield tickets.TicketClosed(helped)


_TENANT = ("organisation_id", "service_id")
