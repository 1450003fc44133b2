"""Who a request is from is never what its sender says it is."""

from __future__ import annotations

import asyncio

import pytest

from tfmac_lock.errors import UsageError
from tfmac_lock.service.proxies import BehindProxies, client_of, trusted

REAL, OTHER, PROXY, INNER = "203.0.113.7", "198.51.100.1", "10.0.0.1", "10.0.0.2"


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        # without a proxy nothing that is sent counts
        ("", REAL, OTHER, REAL),
        (PROXY, REAL, OTHER, REAL),
        (PROXY, REAL, f"{OTHER}, {PROXY}", REAL),
        # one proxy, which overwrites or adds
        (PROXY, PROXY, REAL, REAL),
        (PROXY, PROXY, f"{OTHER}, {REAL}", REAL),
        (PROXY, PROXY, f"{PROXY}, {OTHER}, {REAL}", REAL),
        (PROXY, PROXY, ", ".join([OTHER] * 5000 + [REAL]), REAL),
        (PROXY, PROXY, f"unknown, {REAL}", REAL),
        (PROXY, PROXY, f"{OTHER},,{REAL}", REAL),
        # a chain of two
        (f"{PROXY}, {INNER}", PROXY, f"{REAL}, {INNER}", REAL),
        (f"{PROXY},{INNER}", PROXY, f"{OTHER}, {REAL}, {INNER}", REAL),
        ("10.0.0.0/8", PROXY, f"{OTHER}, {REAL}, {INNER}", REAL),
        # a proxy that adds nothing usable is the client itself
        (PROXY, PROXY, "", PROXY),
        (PROXY, PROXY, "unknown", PROXY),
        (PROXY, PROXY, f"{OTHER}, _hidden", PROXY),
        # where anybody may be a proxy, only the nearest one's word counts
        ("*", PROXY, f"{OTHER}, {REAL}", REAL),
        ("0.0.0.0/0", PROXY, f"{OTHER}, {REAL}", REAL),
        ("*", REAL, "", REAL),
        # forms of an address
        (PROXY, PROXY, f"{REAL}:4711", REAL),
        (PROXY, PROXY, "[2001:db8::1]:80", "2001:db8::1"),
        (PROXY, PROXY, "[2001:db8::1]", "2001:db8::1"),
        (PROXY, PROXY, "2001:DB8:0::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::5", f"{OTHER}, {REAL}", REAL),
    ],
)
def test_the_last_address_that_no_proxy_has_is_the_client(
    proxies: str, peer: str, forwarded: str, client: str
) -> None:
    assert client_of(peer, forwarded.encode(), trusted(proxies)) == client


@pytest.mark.parametrize("given", ["proxy.example", "10.0.0.0/99", "10.0.0.1; 10.0.0.2", "**"])
def test_a_proxy_that_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="write addresses or networks"):
        trusted(given)


@pytest.mark.parametrize(
    "headers",
    [
        [("x-forwarded-for", OTHER), ("x-forwarded-for", REAL)],
        [("x-forwarded-for", f"{OTHER}, {REAL}"), ("forwarded", f"for={OTHER}")],
        [("x-real-ip", OTHER), ("x-forwarded-for", REAL), ("x-client-ip", OTHER)],
        [("client-ip", OTHER), ("true-client-ip", OTHER), ("x-forwarded-for", REAL)],
    ],
)
def test_no_other_header_and_no_earlier_line_counts(headers: list[tuple[str, str]]) -> None:
    seen = []

    async def service(scope: dict[str, object], *_: object) -> None:
        seen.append(scope["client"])

    scope = {
        "type": "http",
        "client": (PROXY, 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(BehindProxies(service, trusted(PROXY))(scope, None, None))  # type: ignore[arg-type]
    assert seen == [(REAL, 1)]
