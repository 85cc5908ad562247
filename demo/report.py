"""What was done and seen, each step with its time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Report:
    """Collects the steps of one run and writes `report.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.monotonic()
        self._steps: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}
        self.failed_step = "before the first step"

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """One step; what is seen in it goes into the mapping. A step that fails is kept with the reason."""
        step: dict[str, Any] = {"step": name, "at_s": round(time.monotonic() - self._began, 3)}
        self._steps.append(step)
        print(f"  {step['at_s']:7.2f} s  {name}", flush=True)
        try:
            yield step
        except BaseException as error:
            step["failed"] = f"{type(error).__name__}: {error}"
            self.failed_step = name
            raise
        finally:
            step["took_s"] = round(time.monotonic() - self._began - step["at_s"], 3)
            self._write()

    def _write(self) -> None:
        content = self.facts | {"steps": self._steps}
        (self._folder / "report.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
