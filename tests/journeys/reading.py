"""What stands written on a customer's display: the texts in the agent's windows, as its windows tell them."""

import re
from typing import Any

import xcffib
import xcffib.xproto

from tests.virtual_display import VirtualDisplay

_LENGTH_MAX = 1 << 16


def texts_on(display: VirtualDisplay) -> list[str]:
    """Every text that the agent shows now, in no particular order."""
    connection: Any = xcffib.connect(display=display.name)
    try:
        name = b"_NET_WM_VISIBLE_NAME"
        atom = connection.core.InternAtom(False, len(name), name).reply().atom
        return list(_below(connection, connection.get_setup().roots[0].root, atom))
    finally:
        connection.disconnect()


def middle_of(display: VirtualDisplay, label: str) -> tuple[int, int]:
    """Where on the desktop the middle of the button of this name is, in device pixels."""
    window = int(display.run("xdotool", "search", "--onlyvisible", "--name", f"^{re.escape(label)}$").split()[-1])
    connection: Any = xcffib.connect(display=display.name)
    try:
        size = connection.core.GetGeometry(window).reply()
        root = connection.get_setup().roots[0].root
        place = connection.core.TranslateCoordinates(window, root, size.width // 2, size.height // 2).reply()
        return place.dst_x, place.dst_y
    finally:
        connection.disconnect()


def fill_of(display: VirtualDisplay, window: int) -> str:
    """What a button is filled with, above its text, as #rrggbb; nothing where it is gone."""
    connection: Any = xcffib.connect(display=display.name)
    try:
        size = connection.core.GetGeometry(window).reply()
        place = size.width // 2, size.height // 5
        pixel = connection.core.GetImage(xcffib.xproto.ImageFormat.ZPixmap, window, *place, 1, 1, 0xFFFFFFFF).reply()
        blue, green, red = bytes(pixel.data.buf())[:3]
    except xcffib.XcffibException:
        return ""
    finally:
        connection.disconnect()
    return f"#{red:02x}{green:02x}{blue:02x}"


def _below(connection: Any, window: int, atom: int) -> list[str]:
    try:
        children = connection.core.QueryTree(window).reply().children
        texts: list[str] = []
        for child in children:
            if connection.core.GetWindowAttributes(child).reply().map_state != xcffib.xproto.MapState.Viewable:
                continue
            told = connection.core.GetProperty(False, child, atom, 0, 0, _LENGTH_MAX).reply().value.buf()
            texts += [told.decode()] if told else []
            texts += _below(connection, child, atom)
        return texts
    except xcffib.xproto.WindowError:  # it closed while we looked
        return []


def says(display: VirtualDisplay, *parts: str) -> bool:
    """Tell whether one of the agent's texts holds one of these parts."""
    return any(part in text for text in texts_on(display) for part in parts)
