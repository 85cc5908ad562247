"""Both databases for real: an SQLite file, and a PostgreSQL cluster of the tests' own that ends with them."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from relay.storage.database import migrate, url_of
from tests.organisations import free_port, short_folder

_PROGRAMS = ("initdb", "pg_ctl", "postgres")


def missing_for_postgresql() -> str:
    """What this machine lacks to run PostgreSQL; empty when it has all."""
    folder = _programs()
    if folder is None:
        return "PostgreSQL's initdb, pg_ctl and postgres (on Debian: postgresql)"
    if os.geteuid() == 0 and _owner() is None:
        return "a user other than root to run PostgreSQL as"
    return ""


@contextmanager
def postgresql() -> Iterator[str]:
    """A fresh cluster on a free port of this machine; gives the URL of an empty database."""
    with short_folder() as folder, cluster(folder, "fsync=off") as url:
        yield url


@contextmanager
def cluster(folder: Path, *settings: str) -> Iterator[str]:
    """The cluster in this folder, made where there is none, on a free port; gives the URL of its database."""
    programs = _programs()
    assert programs is not None
    owner = _owner() if os.geteuid() == 0 else None
    port = free_port()
    folder.chmod(0o700)
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"

    def run(*command: str) -> None:
        done = subprocess.run(
            command, user=owner.pw_uid if owner else None, group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None, cwd=folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        log = (folder / "log").read_text() if (folder / "log").exists() else ""
        assert done.returncode == 0, done.stdout + log

    if not data.exists():
        run(str(programs / "initdb"), "-D", str(data), "-U", "desk", "-A", "trust", "-E", "UTF8", "--no-sync")
    fixed = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}")
    options = " ".join(f"-c {setting}" for setting in (*fixed, *settings))
    # Without a file of its own for what it says, the server would hold our pipe open.
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://desk@127.0.0.1:{port}/postgres"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-m", "fast", "stop")


def emptied(url: str) -> str:
    """The same database with nothing in it."""
    engine = create_engine(url_of(url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def renewed(url: str) -> str:
    """The same database, new, with the tables of today: a copy of one that was migrated once, which takes seconds."""
    # Nobody can remove the database that they are connected to.
    engine = create_engine(_beside(url, "template1"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        known = text("SELECT 1 FROM pg_database WHERE datname = 'migrated'")
        if connection.execute(known).scalar() is None:
            connection.execute(text("CREATE DATABASE migrated TEMPLATE template0"))
            migrate(_beside(url, "migrated").render_as_string(hide_password=False))
        name = url_of(url).database
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE migrated"))
    engine.dispose()
    return url


def _beside(url: str, name: str) -> URL:
    return url_of(url).set(database=name)


def _programs() -> Path | None:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    return next((place for place in places if all((place / name).exists() for name in _PROGRAMS)), None)


def _owner() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """One cluster for the whole run."""
    if missing := missing_for_postgresql():
        pytest.skip(f"missing: {missing}")
    with postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the tables of today, to be copied: to make them all anew takes seconds."""
    path = tmp_path_factory.mktemp("migrated") / "database.sqlite3"
    migrate(path)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new database with the tables of today is: a test with this runs on both kinds."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_file")
        return shutil.copy(migrated, tmp_path / "database.sqlite3")
    url: str = request.getfixturevalue("postgresql_url")
    return renewed(url)
