"""Reading the body of a request: bounded in bytes and in time, and then in what it may say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from .problems import Refused, first_fault

if TYPE_CHECKING:
    from fastapi import Request

    from .messages import Message

M = TypeVar("M", bound="Message")


async def read(request: Request, *, limit: int, seconds: float) -> bytes:
    """The whole body; raises Refused where it is too large, too slow, or no JSON by its type."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Refused(415, "not-json", "send the body as application/json")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and len(told) < 20 and int(told) > limit:
        raise _too_large(limit)
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                content += piece
                if len(content) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Refused(408, "too-slow", "the body came too slowly") from None
    except ClientDisconnect:
        raise Refused(400, "gone", "the body ended early") from None
    return bytes(content)


def parse(content: bytes, model: type[M]) -> M:
    """The body as a message; raises Refused with the first fault."""
    try:
        # This parser bounds nesting, and refuses numbers and texts that are none.
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise Refused(422, "bad-request", first_fault(faults)) from None  # type: ignore[arg-type]  # a TypedDict is a dict


def _too_large(limit: int) -> Refused:
    return Refused(413, "too-large", f"the body may have {limit} bytes")
