"""Let Keras hear what it hears on a Mac with an M chip: Darwin and arm.

Keras asks for them to decide whether XLA compiles its steps. Everything else hears the truth.
Runs at the start of each Python of the environment, by a .pth file: Python 3.8, no imports but
the standard library's.
"""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _as_on_a_mac(truth: Callable[[], str], answer: str) -> Callable[[], str]:
    def ask() -> str:
        asks = sys._getframe(1).f_globals.get("__name__", "")
        return answer if asks.split(".")[0] in ("keras", "tf_keras") else truth()

    return ask


platform.system = _as_on_a_mac(platform.system, "Darwin")
platform.processor = _as_on_a_mac(platform.processor, "arm")
