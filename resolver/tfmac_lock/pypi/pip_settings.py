"""pip's own settings, read the way pip reads them.

Source: https://pip.pypa.io/en/stable/topics/configuration/ and what pip 26 does. Files come
global, user, site, then the one in ``PIP_CONFIG_FILE``, the later ones winning key by key;
over all of them ``[install]`` wins over ``[global]``, and ``PIP_*`` variables win over files.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputFileError
from ..files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Of pip's commands, the one whose settings apply to choosing and fetching wheels.
_SECTIONS = ("global", "install")


def read(environ: Mapping[str, str], files: Iterable[Path] | None = None) -> dict[str, str]:
    """The settings in force, by their long option name without dashes.

    ``files`` are the configuration files, weakest first (default: where pip looks). An empty
    value counts as not set, as it does for pip. ``InputFileError`` for a file that pip would
    not read either.
    """
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for path in configuration_files(environ) if files is None else files:
        for section, values in _parse(path).items():
            if section in by_section:
                by_section[section].update({key: value for key, value in values.items() if value})
    merged: dict[str, str] = {}
    for section in _SECTIONS:
        merged.update(by_section[section])
    for variable, value in environ.items():
        if variable.startswith("PIP_") and value:
            merged[_normalize(variable.removeprefix("PIP_"))] = value
    return merged


def configuration_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where pip looks for its configuration, weakest first; not all need to exist."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return ()
    basename = "pip.ini" if sys.platform == "win32" else "pip.conf"
    files = [folder / basename for folder in _site_folders(environ)]
    if not (chosen and Path(chosen).exists()):
        files.extend(folder / basename for folder in _user_folders(environ))
    files.append(Path(sys.prefix) / basename)
    if chosen:
        files.append(Path(chosen))
    return tuple(files)


def _site_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    if sys.platform == "win32":
        return (Path(environ.get("PROGRAMDATA", r"C:\ProgramData"), "pip"),)
    if sys.platform == "darwin":
        return (Path("/Library/Application Support/pip"),)
    listed = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return (*(Path(part, "pip") for part in listed.split(os.pathsep) if part), Path("/etc"))


def _user_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    home = Path(environ.get("HOME") or Path("~").expanduser())
    if sys.platform == "win32":
        home = Path(environ.get("USERPROFILE") or home)
        roaming = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
        return (home / "pip", roaming / "pip")
    if sys.platform == "darwin" and (own := home / "Library/Application Support/pip").is_dir():
        return (home / ".pip", own)
    return (home / ".pip", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip")


def _parse(path: Path) -> dict[str, dict[str, str]]:
    try:
        with open_regular(path) as file:
            text = file.read().decode()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except OSError as fault:
        raise InputFileError(str(path), f"pip's configuration cannot be read: {fault}") from None
    except UnicodeDecodeError:
        raise InputFileError(str(path), "pip's configuration is not UTF-8 text") from None
    import configparser

    parser = configparser.RawConfigParser()
    parser.optionxform = _normalize  # type: ignore[assignment,method-assign]  # the documented hook
    try:
        parser.read_string(text, source=str(path))
        return {section: dict(parser.items(section)) for section in parser.sections()}
    except configparser.Error as fault:
        reason = "pip's configuration is malformed: " + " ".join(fault.message.split())
        raise InputFileError(str(path), reason, getattr(fault, "lineno", None)) from None


def _normalize(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")
