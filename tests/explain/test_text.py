"""Text as people paste it, made plain."""

from __future__ import annotations

import io

import pytest

from tfmac_lock.explain import text


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        ("caf\u00e9 \u2018x\u2019 \u201cy\u201d".encode(), "caf\u00e9 'x' \"y\""),
        (b"2026-11-20T22:14:21.1234567Z > error", "error"),
        (b"E   ImportError: x", "ImportError: x"),
        (b"\xff\xfe broken", "\ufffd\ufffd broken"),
        (b"a\x00b\x07c", "abc"),
        ("zero\u200bwidth".encode(), "zerowidth"),
        (b"[31mred[0m", "red"),
        (b"[mutex.cc : 452]", "[mutex.cc : 452]"),
        (b"[m1] x[3]", "[m1] x[3]"),
    ],
)
def test_what_tools_put_around_a_text_is_taken_off(raw: bytes, plain: str) -> None:
    assert text.clean(text.without_terminal_codes(raw, notebook=False)) == plain


def test_colours_titles_and_hyperlinks_go_and_the_words_stay() -> None:
    raw = b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"
    assert text.without_terminal_codes(raw, notebook=False) == b"red link"


def test_the_squeezed_form_does_not_depend_on_the_width_of_the_terminal() -> None:
    one, other = b"Symbol 'not' Found", b"symbol\r\n    no\r\n  t found"
    assert text.squeeze(one) == text.squeeze(other)


@pytest.mark.parametrize("chunk", [1, 7, 4096, text.WINDOW, 3 * text.WINDOW])
def test_windows_hold_every_byte_once_as_fresh(chunk: int) -> None:
    whole = bytes(i % 251 for i in range(text.WINDOW + 5000 if chunk < 100 else 900_000))

    class Dripping(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            return super().read1(chunk)

    found = list(text.windows(Dripping(whole)))
    assert b"".join(window.raw[window.fresh :] for window in found) == whole
    assert all(window.fresh <= text.OVERLAP for window in found)


def test_an_overlap_is_wider_than_any_pattern() -> None:
    from tfmac_lock.curate.patterns import LONGEST_MATCH

    assert 4 * LONGEST_MATCH <= text.OVERLAP  # a character is up to four bytes


def test_a_long_line_is_shortened_around_what_was_found() -> None:
    long = "x" * 5000 + " the failure " + "y" * 5000
    shown = text.line_at(long, 5001, 5012)
    assert "the failure" in shown
    assert len(shown) <= 300
