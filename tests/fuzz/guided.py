"""The same readers under atheris, which looks for inputs that reach new lines of them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.readers import Reader


def fuzz(name: str, options: Sequence[str]) -> NoReturn:
    """Fuzz one reader until atheris is done; a crash is kept as a file beside where it runs."""
    import atheris  # pip install atheris; it is no dependency: it has wheels for Linux alone

    with atheris.instrument_imports(include=["tfmac_lock"]):
        from tests.fuzz.readers import READERS
        from tests.fuzz.seeds import seeds

        reader = READERS[name]
        for data in seeds(reader.seeds):  # a reader imports what it needs when it is first used
            _attempt(reader, data)
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds(reader.seeds)):
            (Path(folder) / str(number)).write_bytes(data)
        atheris.Setup([sys.argv[0], *options, folder], lambda data: _attempt(reader, data))
        atheris.Fuzz()
    sys.exit(0)


def _attempt(reader: Reader, data: bytes) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        reader.read(data, folder)
    except reader.allowed:
        pass
    finally:
        shutil.rmtree(folder, ignore_errors=True)
