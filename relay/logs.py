"""What the server tells of itself: one JSON object a line, on standard error."""

import json
import logging
import sys


class JsonLines(logging.Formatter):
    """One JSON object a line; the session's id on those that concern one."""

    def format(self, record: logging.LogRecord) -> str:
        values = {
            "at": round(record.created, 3),
            "level": record.levelname,
            "process": record.name,
            "session": getattr(record, "session", ""),
            "text": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            values["error"] = self.formatException(record.exc_info)
        return json.dumps(values, ensure_ascii=False)


def log_to_stderr() -> None:
    """Structured logs, for both processes."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("aiohttp.access", "alembic", "sqlalchemy.engine"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
