"""The package index: what projects offer, what their wheels require, and the wheels themselves.

Only this package asks an index. ``open_index`` gives a ``client.IndexClient``, which is its
face; ``model`` has the values that it gives out, ``errors`` what can go wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .client import IndexClient
    from .model import Observer


def open_index(
    *,
    index_url: str | None = None,
    extra_index_urls: Sequence[str] = (),
    index_for: Sequence[str] = (),
    cache: Path | None = None,
    offline: bool = False,
    revalidate: bool = False,
    observer: Observer | None = None,
) -> IndexClient:
    """A client of the indexes that are set, and of what is given over pip's settings.

    ``cache`` is the folder to cache in (default: the user's own). To be closed, or used as a
    context manager. Raises ``UsageError`` where a setting makes no sense.
    """
    from .cache import Cache, default_folder
    from .client import IndexClient
    from .config import IndexConfig

    config = IndexConfig.load(
        index_url=index_url, extra_index_urls=extra_index_urls, index_for=index_for
    )
    kept = Cache(cache or default_folder())
    return IndexClient(config, kept, offline=offline, revalidate=revalidate, observer=observer)
