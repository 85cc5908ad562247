"""The people of a big desk, as a program of its own: signed in, each request at its time, whatever became of the one before.

Reads JSON objects on stdin, a line each (what `Wish` says), and writes for each what came of it. Latency counts from the moment at which a
request was meant to go, not from when it could: a server that stalls is charged for everybody who waits.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import pyotp
from yarl import URL

WITHIN_S = 10
# What of a hundred requests. Opening tickets is most of the work of a desk.
MIX = {"open": 45, "list": 20, "search": 15, "comment": 10, "API": 10}
COMMON = ("télévision", "connexion", "mot de passe", "depuis l'orage", "voyant vert", "messagerie")
RARE = ("code E{n:04}", "{number}", "C-{customer}", "grésille chambre", "replay orage hier")
WRONG = ("telvision", "conexion", "mesagerie", "imprimente lente", "décodeurr noir")


@dataclass(frozen=True)
class Wish:
    """What is to be done: `one_by_one` each kind alone, `steady` the mix at a rate, `watch` a change seen by many."""

    what: str
    address: str
    people: list[str]
    password: str
    totp_secret: str
    tickets: tuple[int, int]
    """The lowest number, and how many follow."""
    customers: int
    count: int = 100
    rate: float = 200
    lasts_s: float = 60
    watchers: int = 50
    seed: int = 1


@dataclass
class Told:
    """What came of it."""

    latency_ms: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    sent: int = 0
    lasted_s: float = 0.0

    def add(self, kind: str, ms: float) -> None:
        self.latency_ms.setdefault(kind, []).append(ms)


@dataclass
class Client:
    """Somebody who is signed in."""

    cookie: str
    csrf: str


class Crowd:
    """Everybody who is signed in, and what they ask for."""

    def __init__(self, wish: Wish, http: aiohttp.ClientSession, clients: list[Client]) -> None:
        self._wish, self._http, self._clients = wish, http, clients
        self._dice = random.Random(wish.seed)

    async def ask(self, kind: str, began: float, told: Told) -> None:
        """One request of a kind; its latency from `began` on, or what was wrong."""
        client = self._dice.choice(self._clients)
        method, path, form, expected = self._request(kind, client)
        told.sent += 1
        try:
            async with asyncio.timeout(WITHIN_S):
                status, body = await self.send(client, method, path, form)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            told.errors.append(f"{kind}: {type(error).__name__}")
            return
        if status != expected or (method == "GET" and not body):
            told.errors.append(f"{kind}: {status} for {path}")
            return
        told.add(kind, (time.monotonic() - began) * 1000)

    async def send(
        self, client: Client, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        headers = {"Cookie": f"mainforte_sign_in={client.cookie}", "Accept-Language": "fr"}
        if form is not None:
            headers["Origin"] = self._wish.address
        address = self._wish.address + path
        async with self._http.request(method, address, data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read()

    def _request(self, kind: str, client: Client) -> tuple[str, str, dict[str, str] | None, int]:
        lowest, count = self._wish.tickets
        number, dice = lowest + self._dice.randrange(count), self._dice
        match kind:
            case "open":
                return "GET", f"/tickets/{number}", None, 200
            case "list":
                return (
                    "GET",
                    dice.choice(
                        ("/tickets", "/tickets?state=open&order=urgent", "/tickets?level=2", "/tickets?mine=1")
                    ),
                    None,
                    200,
                )
            case "comment":
                form = {
                    "csrf": client.csrf,
                    "event": "note",
                    "text": "Rappel prévu demain matin ; le client est prévenu.",
                }
                return "POST", f"/tickets/{number}/events", form, 303
            case "API":
                return "GET", f"/api/tickets/{number}", None, 200
        place, _, how = kind.removeprefix("search").strip(" :").partition(", ")
        place = place or dice.choice(("tickets", "customers", "articles"))
        how = how or dice.choice(("common words", "rare words", "typing errors"))
        words = dice.choice({"common words": COMMON, "rare words": RARE, "typing errors": WRONG}[how])
        customer = 3_000_000 + dice.randrange(self._wish.customers)
        words = words.format(n=dice.randrange(10**4), number=number, customer=customer)
        page = {"tickets": "/tickets", "customers": "/customers", "articles": "/knowledge"}[place]
        if place == "customers":
            words = {
                "common words": "rue des Lilas",
                "rare words": f"C-{customer}",
                "typing errors": "Chevalire Brset",
            }[how]
        return "GET", str(URL(page).with_query(search=words)), None, 200

    # --- wishes ---

    async def one_by_one(self, kinds: list[str]) -> Told:
        """Each kind again and again, one request after the other, in turn."""
        told = Told()
        began = time.monotonic()
        for _ in range(self._wish.count):
            for kind in kinds:
                await self.ask(kind, time.monotonic(), told)
        told.lasted_s = time.monotonic() - began
        return told

    async def steady(self) -> Told:
        """So many requests a second, evenly."""
        told, waiting = Told(), set[asyncio.Task[None]]()
        count = int(self._wish.rate * self._wish.lasts_s)
        kinds = self._dice.choices(list(MIX), list(MIX.values()), k=count)
        began = time.monotonic() + 0.5
        for n, kind in enumerate(kinds):
            due = began + n / self._wish.rate
            if (ahead := due - time.monotonic()) > 0:
                await asyncio.sleep(ahead)
            task = asyncio.create_task(self.ask(kind, due, told))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        if waiting:
            await asyncio.wait(waiting)
        told.lasted_s = time.monotonic() - began
        return told

    async def watch(self) -> Told:
        """Many look at one ticket; somebody writes; how long until all were told, and until all had the new page."""
        told, lowest = Told(), self._wish.tickets[0]
        for n in range(self._wish.count):
            number = lowest + n * 7
            watchers = [
                Watcher(self, self._clients[i % len(self._clients)], number) for i in range(self._wish.watchers)
            ]
            tasks = [asyncio.create_task(watcher.watch(self._http, self._wish.address)) for watcher in watchers]
            await asyncio.gather(*(watcher.here.wait() for watcher in watchers))
            mark = f"Changement {self._dice.randrange(10**9)}"
            began = time.monotonic()
            form = {"csrf": self._clients[0].csrf, "event": "note", "text": mark}
            status, _ = await self.send(self._clients[0], "POST", f"/tickets/{number}/events", form)
            if status != 303:
                told.errors.append(f"comment: {status}")
            done, late = await asyncio.wait(tasks, timeout=WITHIN_S)
            for task in late:
                task.cancel()
            told.errors += ["a change that was not seen"] * len(late)
            told.errors += ["a page without the change" for task in done if mark.encode() not in task.result()]
            if not late:
                told.add("told", (max(watcher.told_at for watcher in watchers) - began) * 1000)
                told.add("shown", (max(watcher.shown_at for watcher in watchers) - began) * 1000)
        return told


class Watcher:
    """A page that is open: it waits to be told of a change, then asks for itself anew."""

    def __init__(self, crowd: Crowd, client: Client, number: int) -> None:
        self._crowd, self._client, self._path = crowd, client, f"/tickets/{number}"
        self.here = asyncio.Event()
        self.told_at = self.shown_at = 0.0

    async def watch(self, http: aiohttp.ClientSession, address: str) -> bytes:
        headers = {"Cookie": f"mainforte_sign_in={self._client.cookie}"}
        async with http.get(f"{address}{self._path}/changes", headers=headers) as stream:
            async for line in stream.content:
                if line.startswith(b": here"):
                    self.here.set()
                if line.startswith(b"event: changed"):
                    break
            self.told_at = time.monotonic()
        _, body = await self._crowd.send(self._client, "GET", self._path)
        self.shown_at = time.monotonic()
        return body


async def signed_in(wish: Wish, http: aiohttp.ClientSession) -> list[Client]:
    """Everybody signs in for real; a code that was used already is waited for until the next one."""
    clients = []
    for name in wish.people:
        for _ in range(3):
            asked = {"name": name, "password": wish.password, "code": pyotp.TOTP(wish.totp_secret).now()}
            async with http.post(f"{wish.address}/api/sign-in", json=asked) as answer:
                if answer.status == 200:
                    cookie = answer.cookies["mainforte_sign_in"].value
                    clients.append(Client(cookie, (await answer.json())["person"]["csrf"]))
                    break
            await asyncio.sleep(31 - time.time() % 30)
        else:
            raise RuntimeError(f"{name} could not sign in: {answer.status}")
    return clients


async def main() -> None:
    line = await asyncio.to_thread(sys.stdin.readline)
    clients: list[Client] = []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        while line:
            asked: dict[str, Any] = json.loads(line)
            kinds = asked.pop("kinds", [])
            wish = Wish(**asked)
            clients = clients or await signed_in(wish, http)
            crowd = Crowd(wish, http, clients)
            match wish.what:
                case "one_by_one":
                    told = await crowd.one_by_one(kinds)
                case "steady":
                    told = await crowd.steady()
                case _:
                    told = await crowd.watch()
            print(json.dumps(asdict(told)), flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
