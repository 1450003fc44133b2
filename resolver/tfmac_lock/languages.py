"""The languages in which people read what the program says, and which one is meant.

English stands in the code and in the facts, and whatever programs read stays English. At the outer
edge, where a person reads it, a finished sentence is looked up in the compiled catalogue of the
language: as it is, or by its shape, which is the f-string that made it. A sentence that the
catalogue lacks stays English. People edit the catalogues in ``languages/``; docs/translating.md
says how. In English nothing here is loaded.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

ENGLISH = "en"

NAMES = {ENGLISH: "English", "vi": "Tiếng Việt", "zh-hans": "简体中文", "ja": "日本語"}
"""Each language by the code that people type and addresses hold, with its own name."""

TAGS = {ENGLISH: "en", "vi": "vi", "zh-hans": "zh-Hans", "ja": "ja"}
"""The same as BCP 47 writes them."""

TRANSLATED = tuple(code for code in NAMES if code != ENGLISH)

VARIABLE = "TFMAC_LOCK_LANG"

COLON = ": "
"""What stands between a name and what is said of it."""

MOST_NESTED = 4
"""How deep sentences stand in each other: a defect in a reason in a summary."""


def data_folder() -> Path:
    """Where the compiled catalogues lie."""
    from pathlib import Path

    return Path(__file__).parent / "data" / "languages"


class Shape:
    """A sentence with gaps: its fixed pieces, and the names of what stands between them."""

    # No dataclass: making one takes a millisecond of every main job.
    __slots__ = ("names", "pieces", "translation")

    def __init__(self, english: str, translation: str) -> None:
        import re

        parts = re.split(r"\{(\w+)\}", english)
        self.pieces = parts[::2]
        self.names = parts[1::2]
        self.translation = translation

    def values(self, text: str) -> dict[str, str] | None:
        """What stands in the gaps, or None for another sentence. No gap is empty.

        Of two gaps that nothing parts the former is one word, if there are several.
        """
        first, *middle, last = self.pieces
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)) or end < len(first):
            return None
        at, found = len(first), []
        for piece in middle:
            place = text.find(piece or " ", at + 1, end)
            if place < 0:
                if piece:
                    return None
                place = at + 1
            found.append(text[at:place])
            at = place + len(piece)
        if at >= end:
            return None
        return dict(zip(self.names, [*found, text[at:end]], strict=True))


class Language:
    """One language: its code, and what it has for English texts.

    ``pages`` are the messages of the site's templates, which are looked up as they are;
    ``plain`` and ``shapes`` are facts and sentences.
    """

    def __init__(
        self,
        code: str,
        *,
        pages: Mapping[str, str | list[str]] | None = None,
        plain: Mapping[str, str] | None = None,
        shapes: Mapping[str, str] | None = None,
        plural: str = "n != 1",
    ) -> None:
        self.code = code
        self.tag = TAGS.get(code, code)
        self.name = NAMES.get(code, code)
        self._pages = pages or {}
        self._plain = plain or {}
        self._by_shape = [Shape(*one) for one in (shapes or {}).items()]
        # The shape that fixes most of a sentence knows it best, and its beginning above all.
        self._by_shape.sort(key=lambda one: (not one.pieces[0], -sum(map(len, one.pieces))))
        self._plural = plural
        self._known: dict[str, str | None] = {}

    def find(self, text: str, depth: int = 0) -> str | None:
        """The translation of a finished English sentence or fact, or None."""
        if text in self._plain:
            return self._plain[text]
        if text not in self._known:
            self._known[text] = self._made(text, depth)
        return self._known[text]

    def translated(self, text: str, depth: int = 0) -> str:
        """The translation, or the English where there is none."""
        return self.find(text, depth) or text

    def _made(self, text: str, depth: int) -> str | None:
        """By its shape, else by its parts."""
        if depth > MOST_NESTED:
            return None
        for shape in self._by_shape:
            values = shape.values(text)
            if values is not None:
                filled = {name: self.translated(value, depth + 1) for name, value in values.items()}
                return shape.translation.format_map(filled)
        return self._composed(text, depth + 1)

    def _composed(self, text: str, depth: int) -> str | None:
        """A text of two parts of which the latter has a translation, or the former and a note."""
        head, colon, tail = text.partition(COLON)
        if colon and (found := self.find(tail, depth)) is not None:
            return f"{self.translated(head, depth)}{self.translated(COLON)}{found}"
        head, mark, tail = text.partition("; ")
        if head and mark and (found := self.find(f"; {tail}", depth)) is not None:
            return f"{self.translated(head, depth)}{found}"
        if text.startswith(" (") and text.endswith(")"):
            found = self.find(text[2:-1], depth)
            return None if found is None else f" ({found})"
        head, bracket, tail = text.rpartition(" (")
        if bracket and tail.endswith(")") and (found := self.find(head, depth)) is not None:
            return f"{found} ({tail}"
        return None

    def gettext(self, message: str) -> str:
        """A message of a template."""
        found = self._pages.get(message, message)
        return found if isinstance(found, str) else found[0]

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The form of a template's message for that number."""
        found = self._pages.get(one)
        if found is None:
            return one if count == 1 else many
        if isinstance(found, str):
            return found
        from gettext import c2py

        return found[min(int(c2py(self._plural)(count)), len(found) - 1)]


def load(code: str, folder: Path | None = None) -> Language:
    """The language, from its compiled catalogue; raises DataError."""
    if code == ENGLISH:
        return Language(code)
    from .files import guarded

    def built(data: dict[str, Any]) -> Language:
        return Language(
            code,
            pages=data["pages"],
            plain=data["plain"],
            shapes=data["shapes"],
            plural=data["plural"],
        )

    return guarded((folder or data_folder()) / f"{code}.json", 1, built)


_spoken: Language | None = None


def use(code: str | None) -> None:
    """Speak that language from now on; without a code the one that the system names."""
    global _spoken
    _spoken = Language(ENGLISH)  # for the error where the other one is damaged
    code = code or of_system()
    if _writable(code):
        _spoken = load(code)


def spoken() -> Language:
    """The language that is spoken now."""
    if _spoken is None:
        use(None)
    assert _spoken is not None, "use() sets it"
    return _spoken


def translated(text: str) -> str:
    """The sentence in the language that is spoken; the English where that has none.

    Called with an f-string, that is the shape by which the sentence is known: whoever extracts
    the messages finds it in the code.
    """
    language = spoken()
    return text if language.code == ENGLISH else language.translated(text)


def _writable(code: str) -> bool:
    """Whether standard output can hold the language at all; escapes in its place help nobody."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        NAMES[code].encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def named(text: str) -> str | None:
    """The code of the language that a name of a locale or a tag means, if it is one of ours.

    ``vi``, ``vi_VN.UTF-8``, ``zh_CN``, ``zh-Hans-SG``, ``ja-JP``. Chinese in traditional
    characters is none of them.
    """
    first, *rest = text.partition(".")[0].partition("@")[0].replace("-", "_").lower().split("_")
    if first == "zh":
        traditional = "hant" in rest or ("hans" not in rest and {"tw", "hk", "mo"} & {*rest})
        return None if traditional else "zh-hans"
    return first if first in NAMES else None


def of_system(
    environ: Mapping[str, str] | None = None,
    system: str = sys.platform,
    run: Callable[[list[str]], str | None] | None = None,
) -> str:
    """The language that the environment asks for, else on a Mac the one that its settings name.

    The program's own variable decides, then those of POSIX: LC_ALL, LC_MESSAGES, LANG, the first
    that is set. GNU's LANGUAGE, a list, stands over them unless they say C. A Mac whose terminal
    sets none is asked for its list of languages.
    """
    environ = os.environ if environ is None else environ
    if own := environ.get(VARIABLE):
        return named(own) or ENGLISH
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environ[name] for name in names if environ.get(name)), "")
    if locale:
        # "C" and "C.UTF-8" mean no language at all, and so English.
        plain = locale.partition(".")[0] in ("C", "POSIX")
        wanted = [] if plain else environ.get("LANGUAGE", "").split(":")
        return _first([*wanted, locale])
    if system != "darwin":
        return ENGLISH
    if run is None:
        from .host import run_command

        run = run_command
    listed = run(["defaults", "read", "-g", "AppleLanguages"]) or ""
    return _first(word.strip(' ",') for word in listed.strip("() \n").splitlines())


def _first(wanted: Iterable[str]) -> str:
    """The first of the names that means one of our languages, else English."""
    return next((code for name in wanted if name and (code := named(name))), ENGLISH)
