"""One line of JSON an event. What a client sent is never in it: routes and codes are ours."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

LOGGER = logging.getLogger("tfmac_lock.service")


class Lines(logging.Formatter):
    """A record as a line of JSON; ``record.fields`` are its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. ASCII: control characters come out escaped, whatever they were."""
        event: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # The text of an exception may hold what a client sent; its kind and place do not.
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"
            event |= {"kind": record.exc_info[0].__name__, "where": where}
        return json.dumps(event)


def set_up(level: str) -> None:
    """Send the service's and the server's events to stderr as lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    for name in (LOGGER.name, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())


def event(name: str, **fields: object) -> None:
    """Log an event with its fields."""
    if LOGGER.isEnabledFor(logging.INFO):
        LOGGER.info(name, extra={"fields": fields})


def fault(error: BaseException) -> None:
    """Log an error that nobody foresaw: its kind and place, not its text."""
    LOGGER.error("fault", exc_info=error)
