"""What was told of the customer's computer."""

from client_agent.prompts.others_text import one_line
from client_agent.prompts.words.texts import Texts
from protocol.session_log import DeviceDescribed

_WINDOWING = {"x11": "X11", "wayland": "Wayland", "": ""}


class DeviceTexts(Texts):
    """The computer in one line."""

    def _device(self, told: DeviceDescribed) -> str:
        """All of it: whoever was described may know how."""
        _ = self._
        disk = _("{free} free of {size} on the disk").format(
            free=self._room(told.disk_free_bytes), size=self._room(told.disk_bytes)
        )
        facts = (
            one_line(f"{told.make} {told.model}"),
            one_line(told.system),
            one_line(told.desktop),
            _WINDOWING[told.windowing],
            one_line(told.processor),
            _("logical cores: {count}").format(count=told.cores) if told.cores else "",
            _("memory {size}").format(size=self._room(told.memory_bytes)) if told.memory_bytes else "",
            disk if told.disk_bytes else "",
            *(f"{screen.width_px} × {screen.height_px}" for screen in told.screens),
        )
        return ", ".join(filter(None, facts))

    def _room(self, count: int) -> str:
        """Bytes of a memory or a disk."""
        _ = self._
        if count < 10**10:
            return _("{number} MB").format(number=count // 10**6)
        return _("{number} GB").format(number=round(count / 10**9))
