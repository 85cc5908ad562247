"""Request Tracker 5 (Debian's packages) on SQLite under starman, filled through its own API, for the comparison of desks."""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks import desk_texts
from benchmarks.desk_load import COMMON
from benchmarks.peers.peer import install, version_of
from benchmarks.ports import free_port, until_listening

PACKAGES = (
    "request-tracker5", "rt5-db-sqlite", "starman", "dbconfig-no-thanks", "msmtp-mta",
)  # fmt: skip
_FILL = Path(__file__).with_suffix("").with_name("request_tracker_fill.pl")
_CONFIG = """\
Set($rtname,'desk.test'); Set($Organization,'desk.test');
Set($WebDomain,'127.0.0.1'); Set($WebPort,{port}); Set($WebPath,''); Set($WebBaseURL,'http://127.0.0.1:{port}');
Set($DatabaseType,'SQLite'); Set($DatabaseName,'{folder}/rt5.sqlite3');
Set($CorrespondAddress,'rt@desk.test'); Set($CommentAddress,'rt-comment@desk.test');
Set($MailCommand,'testfile'); Set($LogToSTDERR,'warning'); Set($LogToFile,undef); Set($LogToSyslog,undef);
Set(%GnuPG, Enable=>0); Set(%SMIME, Enable=>0); Set($Timezone,'UTC'); Set($RestrictReferrer,0);
1;
"""


# As many to a page as ours has, the newest first.
_LISTED = {
    "Rows": "100",
    "OrderBy": "LastUpdated",
    "Order": "DESC",
    "Format": "__id__,__Subject__,__Status__,__Requestors__",
}


@dataclass
class Tracker:
    """Request Tracker as it runs; `tickets` is how many it holds, numbered from 1."""

    address: str
    tickets: int
    seed: int = 1

    @property
    def version(self) -> str:
        return f"request-tracker5 {version_of('request-tracker5')} under starman {version_of('starman')}, 2 workers"

    async def sign_in(self, http: aiohttp.ClientSession) -> None:
        form = {"user": "root", "pass": "password"}
        async with http.post(f"{self.address}/NoAuth/Login.html", data=form) as answer:
            text = await answer.text()
            if answer.status != 200 or '"Name":"root"' not in text:
                raise RuntimeError(f"Request Tracker let nobody in: {answer.status}")

    async def ask(self, http: aiohttp.ClientSession, kind: str, dice: random.Random) -> float:
        """One request of a kind, in milliseconds, as somebody who signed in with `http` sends it from a page.

        Raises:
            RuntimeError: the answer is not what was asked for.
        """
        number = dice.randrange(1, self.tickets + 1)
        method, path, fields, expected = "GET", "/Search/Results.html", {}, "Found "
        match kind:
            case "open":
                path, fields, expected = "/Ticket/Display.html", {"id": str(number)}, f"#{number}:"
            case "list":
                fields = _LISTED | {"Query": "Status = 'new' OR Status = 'open'"}
            case "search":
                word = dice.choice(COMMON).replace("'", "’")
                fields = _LISTED | {"Query": f"Subject LIKE '{word}'"}
            case _:
                method, path, expected = "POST", "/Ticket/Update.html", ""
                fields = {
                    "id": str(number), "Action": "comment", "UpdateType": "private", "UpdateContentType": "text/plain",
                    "UpdateContent": "Rappel prévu demain matin ; le client est prévenu.", "SubmitTicket": "1",
                }  # fmt: skip
        shown, sent = (None, fields) if method == "POST" else (fields, None)
        began = time.monotonic()
        async with http.request(method, self.address + path, params=shown, data=sent, allow_redirects=False) as answer:
            text = await answer.text()
        took = (time.monotonic() - began) * 1000
        if answer.status != (302 if method == "POST" else 200) or expected not in text:
            raise RuntimeError(f"Request Tracker, {kind}: {answer.status}, without {expected!r}")
        return took


@asynccontextmanager
async def request_tracker(keep: Path, tickets: int) -> AsyncIterator[Tracker]:
    """Run it; made and filled in `keep` where it is not there yet.

    Raises:
        RuntimeError: its packages could not be installed.
    """
    if said := install(PACKAGES):
        raise RuntimeError(said)
    folder, port = keep / f"request-tracker-{tickets}", free_port()
    (folder / "site.d").mkdir(parents=True, exist_ok=True)
    config = folder / "RT_SiteConfig.pm"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    environment = os.environ | {"RT_SITE_CONFIG": str(config), "RT_SITE_CONFIG_DIR": str(folder / "site.d")}
    if not (folder / "filled").exists():
        await asyncio.to_thread(_make, folder, environment, tickets)
    command = [
        "/usr/share/request-tracker5/libexec/rt-server",
        *("--server", "Starman", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"),
    ]
    with (folder / "server.log").open("a") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        await until_listening("127.0.0.1", port, deadline_s=60)
        yield Tracker(f"http://127.0.0.1:{port}", tickets)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _make(folder: Path, environment: dict[str, str], tickets: int) -> None:
    set_up = [
        "/usr/sbin/rt-setup-database-5",
        "--action",
        "init",
        "--skip-create",
        "--dba",
        "root",
        "--dba-password",
        "x",
    ]
    subprocess.run(set_up, env=environment, check=True, capture_output=True)
    dice = random.Random(6)
    texts = folder / "texts.json"
    with texts.open("w", encoding="utf-8") as file:
        for _ in range(tickets):
            product = dice.choice(desk_texts.PRODUCTS)
            said = desk_texts.subject(dice, product), desk_texts.complaint(dice, product), desk_texts.solution(dice)
            file.write(json.dumps([*said, f"client{dice.randrange(3000)}@example.org"], ensure_ascii=False) + "\n")
    subprocess.run(["perl", str(_FILL), str(texts)], env=environment, check=True, capture_output=True)
    (folder / "filled").touch()
