"""Passwords out of the system's keyring, through the program `keyring`, as pip asks for them.

Source: https://pip.pypa.io/en/stable/topics/authentication/#keyring-support.
"""

from __future__ import annotations

import functools
import shutil
import subprocess

from .urls import read

SECONDS = 60.0
"""How long it may take: a system may ask its user first."""


def is_wanted(provider: str) -> bool:
    """Whether pip's setting ``keyring-provider`` admits it, and the program is there."""
    return provider != "disabled" and shutil.which("keyring") is not None


@functools.cache
def password_of(url: str, user: str) -> str | None:
    """The password kept for that address and user, or for its host, which is asked next."""
    for service in (url, read(url).host):
        try:
            done = subprocess.run(
                ["keyring", "get", service, user],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            return None
        found = done.stdout.removesuffix("\n").removesuffix("\r")
        if done.returncode == 0 and found:
            return found
    return None
