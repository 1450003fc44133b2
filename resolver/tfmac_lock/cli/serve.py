"""`tfmac-lock serve`: the site, its API and live locks over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MissingExtra, UsageError
from .arguments import add_command, add_flag, add_index, add_list, add_repository

if TYPE_CHECKING:
    import argparse

    from .arguments import Commands

ABOUT = """
Serves the published matrix, and resolves locks on request. It writes only to its cache, and to
--reports where that is given, and asks only the package index that is set here or in pip's
settings.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(commands, "serve", run, ABOUT, json="")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port (default: 8000)")
    parser.add_argument(
        "--base",
        default="/",
        metavar="PATH|URL",
        help="path to answer below, or the whole address that readers use",
    )
    add_index(parser)
    parser.add_argument("--cache", metavar="DIR", help="the folder to cache in")
    parser.add_argument(
        "--reports", metavar="DIR", help="take reports from Macs and keep them in this folder"
    )
    add_flag(parser, "--offline", "ask no network, only the cache")
    for name, default, help_ in (
        ("--workers", 2, "processes that resolve"),
        ("--waiting", 32, "requests that may wait"),
        ("--per-client", 4, "requests at once, of one client"),
    ):
        parser.add_argument(
            name, type=int, default=default, metavar="N", help=f"{help_} (default: {default})"
        )
    parser.add_argument(
        "--proxies",
        default="",
        metavar="ADDRS",
        help="addresses of proxies whose X-Forwarded-For is believed, with commas between",
    )
    add_list(
        parser,
        "--allow-origin",
        metavar="ORIGIN",
        help="a site, like https://example.org, whose pages may POST here; * for all "
        "(default: none)",
    )
    add_repository(parser)
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal says to stop."""
    from pathlib import Path

    try:
        from ..service import app, elsewhere, logs, server
        from ..service.settings import Limits, Settings
        from ..site.build import base_path, repository_address, split_base
    except ImportError as error:
        raise MissingExtra("the service", "serve") from error

    for name in ("workers", "waiting", "per_client"):
        if not 1 <= getattr(args, name) <= 1000:
            raise UsageError(f"--{name.replace('_', '-')}: write a number from 1 to 1000")
    if not 0 <= args.port <= 65535:
        raise UsageError("--port: write a number from 0 to 65535")
    logs.set_up(args.log_level)
    address, base = split_base(base_path(args.base))
    service = app.make(
        Settings(
            base=base,
            address=address,
            index_url=args.index_url,
            extra_index_urls=tuple(args.extra_index_url),
            cache=Path(args.cache) if args.cache else None,
            reports=Path(args.reports) if args.reports else None,
            offline=args.offline,
            origins=elsewhere.origins(args.allow_origin),
            repository=repository_address(args.repository),
            limits=Limits(workers=args.workers, waiting=args.waiting, per_client=args.per_client),
        )
    )
    server.run(service, host=args.host, port=args.port, proxies=args.proxies)
    return 0
