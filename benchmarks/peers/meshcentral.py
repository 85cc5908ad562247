"""MeshCentral's server from npm, its own agent, and the desktop view of its page."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from benchmarks.peers.peer import Connected, Peer, Place
from benchmarks.ports import free_port, until_listening
from tests.waiting import eventually

VERSION = "1.1.55"
# Some 400 MB, most of it agents of other systems: fetched once, kept beside other temporary files.
KEEP = Path(tempfile.gettempdir()) / f"mainforte-bench-meshcentral-{VERSION}"
_NAME, _PASSWORD, _GROUP = "bench", "benchBench1", "bench"
_NODE = Path(sys.prefix) / "bin/node"
_STARTED_WITHIN_S = 60
_READY = "width => document.getElementById('Desk')?.width === width && probe.size()?.[0] === width && probe.draws() > 0"


class MeshCentral(Peer):
    """As it comes, but for the page's way to show a pixel as a pixel."""

    name = "meshcentral"
    # What the agent loads at run time.
    packages = ("libx11-6", "libxext6", "libxfixes3", "libxkbfile1", "libxtst6")
    wishes = ""
    """The page's own settings of the desktop, as it keeps them; empty: what it comes with."""

    def version(self) -> str:
        return f"meshcentral {VERSION} (npm) with its agent meshagent_x86-64"

    async def connect(self, stack: AsyncExitStack, place: Place) -> Connected:
        server = Server(await asyncio.to_thread(installed), place.folder / "meshcentral", free_port())
        await asyncio.to_thread(server.make_account)
        process = server.start(place)
        await until_listening("127.0.0.1", server.port, deadline_s=_STARTED_WITHIN_S)
        if place.path:
            place.path.reach(server.port)
        agent = place.start(str(await server.agent()), "connect", log="meshagent")
        node = await eventually(server.node, "an agent of MeshCentral", deadline_s=_STARTED_WITHIN_S)
        await self._open(place, server, node)
        return Connected({"agent": [agent], "relay": [process]}, server.port)

    async def _open(self, place: Place, server: "Server", node: str) -> None:
        page = place.page
        # The certificate is one that the server has made for itself.
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Security.setIgnoreCertificateErrors", {"ignore": True})
        await page.goto(server.address)
        # Pixel for pixel, as its button “toggle zoom” does.
        await page.evaluate("localStorage.setItem('deskAspectRatio', '1')")
        if self.wishes:
            await page.evaluate("wishes => localStorage.setItem('desktopsettings', wishes)", self.wishes)
        await page.fill("#username", _NAME)
        await page.fill("#password", _PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_selector("#MainMenuSpan", state="attached")
        await page.goto(f"{server.address}/?viewmode=11&gotonode={node}&hide=31")
        await page.click("#connectbutton1:enabled")
        await page.wait_for_function(_READY, arg=place.display.width_px, timeout=30_000)


class MeshCentralTuned(MeshCentral):
    """Sharper pictures, and sooner."""

    setting = "tuned"
    # 20 ms is the least that the agent takes.
    wishes = '{"agentencoding": 4, "quality": 90, "scaling": 1024, "framerate": 20, "showmouse": true}'


class Server:
    """MeshCentral's server in a folder of its own."""

    def __init__(self, package: Path, folder: Path, port: int) -> None:
        self._package, self._folder, self.port = package, folder, port
        self.address = f"https://localhost:{port}"
        (folder / "data").mkdir(parents=True)
        settings = {
            "cert": "localhost", "port": port, "portBind": "127.0.0.1", "redirPort": 0, "mpsPort": 0, "WANonly": True,
            # Nobody else on the network is asked or told anything.
            "selfUpdate": False, "agentTimeStampServer": False, "autoBackup": False,
            "allowHighQualityDesktop": True,
        }  # fmt: skip
        config = {"settings": settings, "domains": {"": {"newAccounts": False, "userConsentFlags": 0}}}
        (folder / "data/config.json").write_text(json.dumps(config))

    def make_account(self) -> None:
        """Make the technician's account, with all rights."""
        for words in (("--createaccount", _NAME, "--pass", _PASSWORD), ("--adminaccount", _NAME)):
            subprocess.run([*self._command, *words], check=True, capture_output=True)

    def start(self, place: Place) -> int:
        """Start it; gives its process."""
        with (self._folder / "server.log").open("a") as log:
            return place.display.start(*self._command, output=log).pid

    async def agent(self) -> Path:
        """Make a group of devices, and a folder with the agent that belongs to it."""
        group = (await asyncio.to_thread(self._control, "AddDeviceGroup", "--name", _GROUP)).split("/")[-1].strip()
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.address}/meshsettings", params={"id": group}, ssl=False, raise_for_status=True) as answer,
        ):
            offered = (await answer.text()).splitlines()
        kept = [line for line in offered if line.startswith(("MeshName=", "MeshType=", "MeshID=", "ServerID="))]
        folder = self._folder / "agent"
        folder.mkdir()
        # Told where the server is: on a local network it would look for it.
        reached = f"MeshServer=wss://localhost:{self.port}/agent.ashx"
        (folder / "meshagent.msh").write_text("\n".join([*kept, reached, ""]))
        agent = Path(shutil.copy(self._package / "agents/meshagent_x86-64", folder / "meshagent"))
        agent.chmod(0o755)
        return agent

    async def node(self) -> str:
        """What the server calls the customer's machine; nothing before it is connected."""
        devices = json.loads(await asyncio.to_thread(self._control, "ListDevices", "--json") or "[]")
        return next((str(each["_id"]).split("/")[-1] for each in devices if each.get("conn")), "")

    @property
    def _command(self) -> list[str]:
        folders = ("--datapath", str(self._folder / "data"), "--filespath", str(self._folder / "files"))
        return [str(_NODE), str(self._package / "meshcentral.js"), *folders]

    def _control(self, *words: str) -> str:
        """What its own command-line tool answers."""
        account = ("--url", f"wss://localhost:{self.port}", "--loginuser", _NAME, "--loginpass", _PASSWORD)
        command = [str(_NODE), str(self._package / "meshctrl.js"), *words, *account]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def installed(keep: Path = KEEP) -> Path:
    """The package's folder, fetched from npm where it is not there yet.

    Raises:
        RuntimeError: it could not be fetched; the text is npm's.
    """
    package = keep / "node_modules/meshcentral"
    if package.exists():
        return package
    half = Path(tempfile.mkdtemp(prefix=f"{keep.name}-", dir=keep.parent))
    command = [*_npm(), "install", "--prefix", str(half), "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run([*command, f"meshcentral@{VERSION}"], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(half)
        raise RuntimeError(f"npm: {done.stderr.strip()}")
    # Not the first to be there, where two began at once: the other's is as good.
    try:
        half.rename(keep)
    except OSError:
        shutil.rmtree(half)
    return package


def _npm() -> list[str]:
    """npm as it comes with the Node.js that is used, or the machine's own."""
    bundled = _NODE.resolve().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    return [str(_NODE), str(bundled)] if bundled.exists() else ["npm"]
