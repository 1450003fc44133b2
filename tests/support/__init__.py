"""Wheels built on the spot and real index servers on loopback, for the tests."""

from tests.support.servers import Faults, HtmlIndex, JsonIndex, Seen
from tests.support.wheels import build_wheel

__all__ = ["Faults", "HtmlIndex", "JsonIndex", "Seen", "build_wheel"]
