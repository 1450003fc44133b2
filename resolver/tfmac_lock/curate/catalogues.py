"""The catalogues in languages/: brought up to date with the messages, and compiled.

A catalogue is gettext's, which many editors know. Source:
https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html.
"""

from __future__ import annotations

import difflib
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from ..errors import DataError
from ..files import dump_json
from ..languages import NAMES, TAGS, TRANSLATED
from .message import KINDS, PAGES
from .messages import messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from babel.messages.catalog import Message as Entry

    from .message import Message

FOLDER = "languages"
COMPILED = "resolver/tfmac_lock/data/languages"

HEADER = """\
# {name} for tfmac-lock. docs/translating.md says how to edit this file.
# The messages are made by a command; only what stands after msgstr is yours.
"""

GAPS = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]*>|`[^`]*`|&\w+;|&#\d+;")
"""What a translation must hold as the original does: values, tags, code, entities."""


LIKE = 0.8
"""How alike two English texts are, from 0 to 1, for the one to be a new wording of the other."""

BESIDE = re.compile(r"\{\w+\}\{\w+\}")


@dataclass(slots=True, kw_only=True)
class Coverage:
    """How many messages of each kind are translated, of how many."""

    code: str
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    every: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def share(self, *kinds: str) -> float:
        """The share that is translated of those kinds, or of all, from 0 to 1."""
        wanted = kinds or KINDS
        every = sum(self.every[kind] for kind in wanted)
        return sum(self.done[kind] for kind in wanted) / every if every else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogues:
    """All catalogues, made anew: ``files`` by their path in the checkout.

    ``wrong`` are the translations that cannot be used, each in a line with the reason.
    """

    files: dict[str, str]
    coverage: tuple[Coverage, ...]
    wrong: tuple[str, ...]


def catalogues(root: Path) -> Catalogues:
    """The catalogues of a checkout with the messages of now, and what is compiled of them.

    What was translated stays. A message that is gone leaves, and one that is new and much like it
    gets its translation, marked fuzzy, which is for the speaker alone. Raises DataError where a
    catalogue cannot be read.
    """
    found = messages(root)
    files: dict[str, str] = {}
    covered, wrong = [], []
    for code in TRANSLATED:
        old = _read(root / FOLDER / f"{code}.po", code)
        new = _updated(old, found, code)
        one = Coverage(code=code)
        compiled: dict[str, dict[str, Any]] = {"pages": {}, "plain": {}, "shapes": {}}
        for message in found:
            one.every[message.kind] += 1
            forms = _forms(new.get(message.text))
            if not forms:
                continue
            reason = next((fault for form in forms if (fault := _fault(message, form))), "")
            if reason:
                wrong.append(f"{FOLDER}/{code}.po: {message.text[:60]!r}: {reason}")
                continue
            one.done[message.kind] += 1
            kind = "pages" if message.kind == PAGES else "shapes" if message.is_shape else "plain"
            compiled[kind][message.text] = forms if message.many else forms[0]
        files[f"{FOLDER}/{code}.po"] = _written(new, code)
        files[f"{COMPILED}/{code}.json"] = dump_json(
            {"schema_version": 1, "plural": new.plural_expr, **compiled}
        )
        covered.append(one)
    return Catalogues(files=files, coverage=tuple(covered), wrong=tuple(wrong))


def _updated(old: Catalog, found: Sequence[Message], code: str) -> Catalog:
    """A catalogue of these messages, with the translations of the old one."""
    new = Catalog(locale=_locale(code), fuzzy=False, charset="utf-8")
    wanted = {message.text for message in found}
    gone = {
        text: entry
        for entry in old
        if entry.id and (text := _text(entry)) not in wanted and any(_strings(entry))
    }
    for message in found:
        known = new.get(message.text)
        if known is not None:  # a template and a fact say the same
            known.locations += [(place, 0) for place in message.places]
            if not message.many:
                continue
            new.delete(message.text)
        entry = old.get(message.text)
        fuzzy = entry is not None and entry.fuzzy
        if entry is None and gone:
            near = difflib.get_close_matches(message.text, gone, n=1, cutoff=LIKE)
            entry, fuzzy = (gone[near[0]], True) if near else (None, False)
        strings = _strings(entry) if entry is not None else [""]
        new.add(
            (message.text, message.many) if message.many else message.text,
            tuple(strings) if message.many else strings[0],
            locations=[(place, 0) for place in message.places],
            flags=["fuzzy"] if fuzzy else [],
            user_comments=entry.user_comments if entry is not None else (),
        )
    return new


def _text(entry: Entry) -> str:
    return entry.id if isinstance(entry.id, str) else entry.id[0]


def _strings(entry: Entry) -> list[str]:
    """The forms of a translation; one, which may be empty, where there is no plural."""
    string = entry.string or ""
    return [string] if isinstance(string, str) else [*string]


def _forms(entry: Entry | None) -> list[str]:
    """The forms that can be used; none where the message is not translated, or fuzzy."""
    if entry is None or entry.fuzzy:
        return []
    strings = _strings(entry)
    return strings if all(strings) else []


def _locale(code: str) -> str:
    return TAGS[code].replace("-", "_")


def _read(path: Path, code: str) -> Catalog:
    if not path.exists():
        return Catalog()
    try:
        with path.open("rb") as file:
            return read_po(file, locale=_locale(code), abort_invalid=True)
    except (ValueError, OSError) as error:
        raise DataError(str(path), f"cannot be read: {error}") from error


def _written(catalogue: Catalog, code: str) -> str:
    """The text of a catalogue, without days, which would change with every run."""
    catalogue.header_comment = HEADER.format(name=NAMES[code]).rstrip()
    file = io.BytesIO()
    write_po(file, catalogue, width=100, omit_header=True, include_lineno=False)
    head = (
        f'{catalogue.header_comment}\nmsgid ""\nmsgstr ""\n'
        f'"Language: {TAGS[code]}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return head + file.getvalue().decode()


def _fault(message: Message, translation: str) -> str:
    """What is wrong with a translation; empty where nothing is."""
    one, other = _gaps(message.text), _gaps(translation)
    many = _gaps(message.many) if message.many else one
    if other not in (one, many):
        lost = (Counter(many) - Counter(other)) + (Counter(other) - Counter(many))
        return f"not the same gaps, tags and code as the English: {', '.join(sorted(lost))}"
    if message.is_shape:
        # Where nothing parts two gaps, one cannot know where the first ends: they stay together.
        for pair in BESIDE.findall(message.text):
            if pair not in translation:
                return f"{pair} must stay together"
    return ""


def _gaps(text: str) -> list[str]:
    return sorted(GAPS.findall(text))


def coverage_lines(coverage: Iterable[Coverage]) -> list[str]:
    """The coverage as lines."""
    return [
        f"{one.code}: {one.share():.0%} of all messages ("
        + ", ".join(
            f"{kind} {one.done[kind]} of {one.every[kind]}" for kind in KINDS if one.every[kind]
        )
        + ")"
        for one in coverage
    ]
