"""The relay's address: an origin as browsers write it, and never plain HTTP to another machine."""

from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
EXPECTED = "expected an address such as https://help.example.org, without a path; http:// only on this machine"


def check_origin(text: str) -> str:
    """Give the origin back when it is one: scheme, host, port where unusual, nothing after.

    Raises:
        ValueError: it is not one, or it is plain HTTP to another machine.
    """
    if not text.isascii():
        raise ValueError(EXPECTED)
    parts = urlsplit(text)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    written = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
    if not parts.hostname or usual is None or written != text:
        raise ValueError(EXPECTED)
    if parts.scheme == "http" and not is_on_this_machine(text):
        raise ValueError(EXPECTED)
    return text


def is_on_this_machine(origin: str) -> bool:
    """Whether the origin is one of the loopback addresses."""
    return urlsplit(origin).hostname in LOOPBACK


def is_secure(origin: str) -> bool:
    """Whether TLS protects the way to it."""
    return origin.startswith("https://")


def room_url(origin: str) -> str:
    """Where the relay's sockets are."""
    return origin.replace("http", "ws", 1) + "/room"
