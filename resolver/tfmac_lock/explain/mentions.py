"""What a log names: versions, Python, macOS, architectures, symbols, paths.

The same package may be named with several versions (one removed, one installed), so every
mention has a strength: what an installer reports as done beats a listing, that beats a file
name, that beats prose; of equal ones the last counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from . import conflicts
from .sought import Sought, matches, places

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = (
    "tensorflow",
    "tensorflow-macos",
    "tensorflow-metal",
    "tensorflow-cpu",
    "numpy",
    "protobuf",
    "h5py",
    "keras",
    "grpcio",
    "setuptools",
    "tensorflow-deps",
    "tensorflow-io-gcs-filesystem",
    "tf-keras",
    "tensorflow-hub",
    "tensorflow-datasets",
    "transformers",
    "deepface",
    "retina-face",
    "keras-cv",
    "keras-hub",
    "keras-nlp",
    "coremltools",
)
COMPANIONS = (
    "tensorflow-text",
    "tensorflow-io",
    "tensorflow-addons",
    "tensorflow-decision-forests",
    "tensorflow-probability",
    "tensorflow-quantum",
    "tensorflow-data-validation",
    "tfx-bsl",
    "tensorflow-compression",
    "grpcio",
    "h5py",
    "protobuf",
)
_NAMES = "|".join(
    name.replace("-", "[-_]")
    for name in sorted({*PACKAGES, *COMPANIONS}, key=lambda name: (-len(name), name))
)
_UNQUOTED = re.compile(r"no matches found: ([A-Za-z][\w.-]{0,60})\[([\w,.-]{1,60})\]")
_VERSION = r"\d{1,4}(?:\.\d{1,5}){1,3}(?:(?:rc|a|b|\.post|\.dev)\d{1,4})?"
_MOST_NAMED = 20
"""Distinct values kept of one kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a text names; what it does not name is empty.

    ``versions`` holds one version a package, the most believable; ``archs`` the architectures in
    the order of mention, of which ``arch`` is the interpreter's where the text tells. ``missing``
    is the package that an installer did not find, ``companion`` the first package beside
    TensorFlow, ``numpy_api`` the C API that something was compiled for and the one of the
    installed numpy, ``python_command`` the word with which the user starts Python, ``asked`` the
    packages that an installer was asked for, ``wheel`` the file that pip refused, ``unmet`` the
    requirements that pip says are not met, ``tool`` what the user works with beside pip,
    ``unquoted`` the requirement that a shell took for a pattern, without an extra for CUDA.
    """

    versions: dict[str, str] = field(default_factory=dict)
    python: str = ""
    macos: str = ""
    arch: str = ""
    archs: tuple[str, ...] = ()
    chip: str = ""
    symbols: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    missing: str = ""
    companion: str = ""
    numpy_api: tuple[int, int] | None = None
    python_command: str = "python"
    asked: tuple[str, ...] = ()
    wheel: str = ""
    unmet: tuple[conflicts.Unmet, ...] = ()
    tool: str = ""
    unquoted: str = ""

    @property
    def tensorflow(self) -> tuple[str, str]:
        """The TensorFlow that holds the payload, as package and version; both may be empty."""
        macos, plain = self.versions.get("tensorflow-macos"), self.versions.get("tensorflow")
        if macos and (not plain or Version(macos) < Version("2.15.1")):
            return "tensorflow-macos", macos
        return ("tensorflow", plain) if plain else ("", "")

    @property
    def metal(self) -> str:
        """The plugin's version, or an empty text."""
        return self.versions.get("tensorflow-metal", "")


_NAME_STARTS = tuple(
    sorted(
        {
            name[: name.find("-") + 1].replace("-", mark) or name
            for name in (*PACKAGES, *COMPANIONS)
            for mark in "-_"
        }
    )
)
"""How the names begin, so that each is found; the separator tells ``tf-`` from other words."""
_LISTED = tuple(
    re.compile(pattern, re.ASCII | re.MULTILINE)
    for pattern in (
        # uv: " + tensorflow==2.18.0"; pip list and conda list: two columns.
        rf"^ {{0,4}}\+ ({_NAMES})==({_VERSION})\b",
        rf"^ {{0,4}}({_NAMES})(?: {{2,60}}|\t)({_VERSION})\b",
        # pip show
        rf"^name: ({_NAMES})\nversion: ({_VERSION})$",
    )
)
_LISTED_STRENGTH = 4
_MENTIONS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (strength, re.compile(pattern, re.ASCII))
    for strength, pattern in (
        (4, rf"\b({_NAMES})\.__version__[^\n]{{0,8}}\n[^\n0-9]{{0,10}}({_VERSION})\b"),
        (3, rf"(?<![\w+-] )(?<![\w-])({_NAMES})==({_VERSION})\b"),
        (2, rf"(?<![\w-])({_NAMES})-({_VERSION})-(?:cp|py)\d"),
        # What was asked for, which is TensorFlow's own version where nothing was installed.
        (2, rf"(?<![\w-])(tensorflow(?:[-_](?:macos|metal|cpu))?)==({_VERSION})\b"),
        (2, rf"(?<![\w-])({_NAMES}) \(v?({_VERSION})\)"),
        (1, rf"(?<![\w-])({_NAMES})(?: version)?[:=]? {{0,2}}v?({_VERSION})\b"),
    )
)
_INSTALLED = re.compile(r"Successfully installed ([^\n]{1,4000})")
_INSTALLED_ONE = re.compile(rf"(?:^|\s)({_NAMES})-({_VERSION})(?=\s|$)", re.IGNORECASE)
_REMOVED = re.compile(
    r"(?:Uninstalling|Attempting uninstall|Found existing installation|^ - )[^\n]{0,80}",
    re.MULTILINE,
)
_PROSE = (
    (
        3,
        "tensorflow",
        Sought(
            ("## tensorflow version",),
            rf"## tensorflow version\s{{1,6}}(?:tf ?)?v?({_VERSION})",
        ),
    ),
    (
        1,
        "tensorflow",
        Sought(
            ("tf", "tensorflow", "tensor flow"),
            r"\b(?:tf|tensor ?flow)(?: lib(?:rary)?)?(?: version)?(?: is| =)?[:=]? {0,2}"
            rf"v?({_VERSION})\b",
        ),
    ),
    (5, "numpy", Sought(("numpy ",), rf"\bnumpy ({_VERSION}) as it may crash")),
)
_PYTHON = Sought(
    ("python", "cp3", "-cpython-3", "macosx-"),
    r"\bpython(?: version)?(?:==|[:=]? {0,2})(3\.\d{1,2}(?:\.\d{1,2})?)\b"
    r"|\bcp(3\d{1,2})-(?:cp|abi|none)"
    r"|-cpython-(3\d{1,2})\b"
    r"|\bmacosx-[\d.]{1,6}-(?:arm64|x86_64|universal2)-(3\.\d{1,2})\b",
)
_MACOS = Sought(
    ("macos", "mac os", "os x", "productversion:"),
    r"\b(?:mac ?os(?: ?x)?|os x)(?: [a-z]{4,11}(?: [a-z]{3,9})?)?[: ]{1,2}v?"
    r"(1[0-9]\.\d{1,2}(?:\.\d{1,2})?|2[67](?:\.\d{1,2}){0,2}|1[1-5])\b"
    r"|\bproductversion:\s{1,4}(\d{2}(?:\.\d{1,2}){0,2})"
    r"|macosx_(1[0-9]|2[67])_(\d{1,2})_(?:arm64|x86_64)`\)",  # uv: You're on macOS (`…`)
)
_BUILT_FOR = re.compile(r"(?:built for|building for|targets?) {1,3}$")
_ARCH = Sought(
    ("arm64", "x86_64", "aarch64", "osx-"), r"\b(arm64e?|x86_64|aarch64)\b|\bosx-(arm64|64)\b"
)
_NEED = Sought(
    ("have ", "You're on macOS "),
    r"have '?\(?(arm64e?|x86_64|i386)[^\n]{0,60}?need '?\(?(arm64e?|x86_64)"
    r"|You're on macOS \(`macosx_\d{1,2}_\d{1,2}_(arm64|x86_64)",
)
_INTERPRETER = Sought(
    ("osx-", "macosx-", "platform"),
    r"osx-(arm64|64)|macosx-[\d.]{1,6}-(arm64|x86_64)|platform[^\n]{0,40}-(arm64|x86_64)",
)
_CHIP = Sought(
    ("Apple ", "Mac", "AMD Radeon"),
    r"\b(?:Apple|Mac|MacBook(?: Pro| Air)?|Mac mini) (M\d{1,2}(?: (?:Pro|Max|Ultra))?)\b"
    r"|\b(AMD Radeon[\w ]{0,20}\w)",
)
_SYMBOL = re.compile(
    r"symbol not found(?: in flat namespace)?:? {0,2}[('\"]{0,2}([A-Za-z_$][\w$.]{2,400})",
    re.IGNORECASE,
)
_LOADED = re.compile(r"dlopen\(([^\n,]{3,500}),|Library not loaded: ([^\n'\"]{3,300})")
_NOT_FOUND = (
    "satisfies the requirement",
    "No matching distribution found for",
    "installation candidates for",
    "nothing provides",
    "istribution",
    "matching version of package",
    "that matches",
)
_MISSING = Sought(
    (*_NOT_FOUND, "PackagesNotFoundError"),
    r"(?:satisfies the requirement|No matching distribution found for|installation candidates for"
    r"|nothing provides(?: requested)?|(?<=[Dd])istribution|matching version of package"
    r"|that matches)[ '\"`]{1,3}([A-Za-z][\w.-]{1,60})"
    r"|PackagesNotFoundError[\s\S]{0,120}?- (?:[\w-]{1,30}::)?([A-Za-z][\w.-]{1,60})",
)
_EXPECTS_HASH = "Expected sha256"
_CHANGED = re.compile(
    r"^ {0,8}([A-Za-z][\w.-]{1,60})[^\n]{0,60} from https?://[^\n]{1,400}\n {1,12}" + _EXPECTS_HASH,
    re.MULTILINE,
)
_ALONE = r"(?<![^\s$%])"
"""At the beginning of a word that a shell reads, after its prompt or a space."""
_ASKED = Sought(
    ("pip", "conda ", "mamba ", "poetry ", "pdm ", "pixi ", "uv "),
    rf"{_ALONE}(?:pip3?|conda|mamba|poetry|pdm|pixi|uv|uv pip) (?:install|add|create) "
    r"([^\n|&;]{1,300})",
)
_NAME = re.compile(r"[A-Za-z][\w.-]{1,60}")
_IS_REFUSED = " is not a supported wheel"
_REFUSED = re.compile(rf"([\w.+-]{{5,200}}\.whl)'?{_IS_REFUSED}")
_COMPANION = Sought(
    ("-packages/", "ops/", "import ", "No module named ", "dlopen(", "lib", "TensorFlow "),
    r"(?:-packages/|ops/|import |No module named ['\"]?|dlopen\([^\n]{0,200}/)("
    + "|".join(name.replace("-", "_") for name in COMPANIONS[:9])
    + r"|grpc|h5py|google/protobuf|google/_upb)\b"
    r"|lib(tensorflow_io)[\w.]{0,20}|TensorFlow (Probability|Decision Forests|Addons)"
    r"|-packages/(deepface|retinaface|transformers|tensorflow_hub|keras_cv|keras_hub|keras_nlp)/",
)
_IMPORTED_AS = {
    "grpc": "grpcio",
    "google/protobuf": "protobuf",
    "google/-upb": "protobuf",
    "probability": "tensorflow-probability",
    "decision forests": "tensorflow-decision-forests",
    "addons": "tensorflow-addons",
    "retinaface": "retina-face",
}
_NUMPY_API = re.compile(
    r"compiled against (?:NumPy C-)?(?:API|ABI) version 0x([0-9a-f]{1,8})\s{1,9}"
    r"but this version of\s{1,9}numpy is 0x([0-9a-f]{1,8})"
)
_PYTHON_COMMAND = Sought(
    ("python", "pip"),
    r"(?<![^\n/ (])(?:(python3?)(?: -m| -c| \S{1,60}\.py)|(pip3?) install)",
)
_TOOLS = {
    "poetry": Sought(
        ("poetry ", "SolverProblemError", "ChefBuild"),
        r"\bpoetry (?:install|add|lock|update|run)\b|SolverProblemError|ChefBuild",
    ),
    "uv": Sought(("uv ",), rf"{_ALONE}uv (?:sync|add|lock|run)\b"),
    "pixi": Sought(("pixi ",), rf"{_ALONE}pixi (?:install|add|run|update)\b"),
    "pdm": Sought(("pdm ",), rf"{_ALONE}pdm (?:install|add|lock|sync|update)\b"),
    "R": Sought(
        ("py_call_impl", "reticulate", "py_module_import", "install_tensorflow("),
        r"py_call_impl|\breticulate\b|py_module_import|install_tensorflow\(",
    ),
    "conda": Sought(
        (
            "conda ",
            "mamba ",
            "ResolvePackageNotFound",
            "PackagesNotFoundError",
            "LibMambaUnsatisfiableError",
            "UnsatisfiableError",
        ),
        rf"{_ALONE}(?:conda|mamba) (?:install|create|env)\b|\b(?:ResolvePackageNotFound"
        r"|PackagesNotFoundError|LibMambaUnsatisfiableError|UnsatisfiableError)\b",
    ),
}
_OTHERS_PYTHON = re.compile(r"/(?:pypoetry|pipx|uv/tools)/[^\n]{0,200}")
"""Tools that run on a Python of their own, which is not the user's."""

_GATES = (b"tensorflow", b"numpy", b"macosx", b"lib/python3", b"macos", b"dlopen(")
_CALM_WINDOWS = 4
"""Windows that are read for facts although they show no symptom: the first ones that name any."""


class Collector:
    """Gathers facts from the windows that it is given."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[int, str]] = {}
        self._single: dict[str, str] = {}
        self._many: dict[str, list[str]] = {"archs": [], "symbols": [], "paths": [], "asked": []}
        self._unmet: list[conflicts.Unmet] = []
        self._numpy_api: tuple[int, int] | None = None
        self._calm = 0

    def wants(self, squeezed: bytes) -> bool:
        """Whether a window is worth reading although it shows no symptom."""
        if self._calm < _CALM_WINDOWS and any(gate in squeezed for gate in _GATES):
            self._calm += 1
            return True
        return False

    def feed(self, text: str) -> None:
        """Take the facts of a cleaned window."""
        text = _REMOVED.sub("", text)
        for done in _INSTALLED.finditer(text):
            for name, version in _INSTALLED_ONE.findall(done[1]):
                self._mention(name, version, 5)
        folded = text.lower()
        for listed in _LISTED:
            for mention in listed.finditer(folded):
                self._mention(mention[1], mention[2], _LISTED_STRENGTH)
        starts = places(folded, _NAME_STARTS)
        for strength, pattern in _MENTIONS:
            for mention in matches(pattern, folded, starts):
                self._mention(mention[1], mention[2], strength)
        for strength, name, prose in _PROSE:
            for mention in prose.finditer(folded):
                self._mention(name, mention[1], strength)
        refused = _REFUSED.findall(text) if _IS_REFUSED in text else []
        if refused:
            self._single.setdefault("wheel", refused[0])
        # A wheel that was refused is for another machine than this one.
        self._machine(_REFUSED.sub("", text) if refused else text)
        self._packages(text)
        self._unmet += list(conflicts.found_in(text))[: conflicts.MOST - len(self._unmet)]
        for symbol in _SYMBOL.finditer(text):
            self._add("symbols", symbol[1])
        for loaded in _LOADED.finditer(text):
            self._add("paths", (loaded[1] or loaded[2]).strip())

    def _packages(self, text: str) -> None:
        absent = list(_MISSING.finditer(text))
        if _EXPECTS_HASH in text:
            absent = sorted([*absent, *_CHANGED.finditer(text)], key=lambda found: found.start())
        for found in absent[:1]:
            words = next(group for group in found.groups() if group)
            name = re.split(r"[=<>~!;\[]", words)[0].lower().replace("_", "-")
            self._single.setdefault("missing", name.strip(".-"))
        if typed := _UNQUOTED.search(text):
            name, extras = typed.groups()
            cuda = re.search("cuda|gpu", extras)
            self._single.setdefault("unquoted", name if cuda else f"{name}[{extras}]")
        if beside := _COMPANION.search(text):
            name = next(group for group in beside.groups() if group).lower().replace("_", "-")
            self._single.setdefault("companion", _IMPORTED_AS.get(name, name))
        for line in _ASKED.finditer(text):
            for word in line[1].split():
                if name := _NAME.match(word):
                    self._add("asked", canonicalize_name(name[0]))
        if api := _NUMPY_API.search(text):
            self._numpy_api = (int(api[1], 16), int(api[2], 16))
        if typed := _PYTHON_COMMAND.search(text):
            word = (typed[1] or typed[2]).replace("pip", "python")
            self._single.setdefault("python_command", word)

    def _machine(self, text: str) -> None:
        text = _OTHERS_PYTHON.sub("", text)
        folded = text.lower()
        for found in _PYTHON.finditer(folded):
            tag = found[2] or found[3]
            self._single["python"] = f"3.{tag[1:]}" if tag else found[1] or found[4]
        for found in _MACOS.finditer(folded):
            if _BUILT_FOR.search(folded[max(0, found.start() - 20) : found.start()]):
                continue
            version = found[1] or found[2] or f"{found[3]}.{found[4]}"
            self._single["macos"] = version
        for found in _ARCH.finditer(text):
            self._add("archs", _architecture(found[1] or found[2]))
        for pattern in (_INTERPRETER, _NEED):
            for found in pattern.finditer(text):
                self._single["arch"] = _architecture(next(g for g in found.groups()[::-1] if g))
        for found in _CHIP.finditer(text):
            self._single["chip"] = found[1] or found[2]
        if "tool" not in self._single:
            found_tools = (tool for tool, words in _TOOLS.items() if words.search(text))
            if tool := next(found_tools, ""):
                self._single["tool"] = tool

    def _mention(self, name: str, version: str, strength: int) -> None:
        name = name.lower().replace("_", "-")
        try:
            Version(version)
        except ValueError:
            return
        if strength >= self._versions.get(name, (0, ""))[0]:
            self._versions[name] = (strength, version)

    def _add(self, kind: str, value: str) -> None:
        values = self._many[kind]
        if value and value not in values and len(values) < _MOST_NAMED:
            values.append(value)

    def finish(self) -> Facts:
        """What was named."""
        return Facts(
            versions={name: version for name, (_, version) in sorted(self._versions.items())},
            archs=tuple(self._many["archs"]),
            symbols=tuple(self._many["symbols"]),
            paths=tuple(self._many["paths"]),
            asked=tuple(self._many["asked"]),
            unmet=tuple(self._unmet),
            numpy_api=self._numpy_api,
            **{key: self._single[key] for key in _SINGLE if key in self._single},
        )


_SINGLE = (
    "python",
    "macos",
    "arch",
    "chip",
    "missing",
    "companion",
    "python_command",
    "wheel",
    "tool",
    "unquoted",
)


def _architecture(word: str) -> str:
    return {"arm64e": "arm64", "64": "x86_64", "aarch64": "aarch64"}.get(word, word)


def named(facts: Facts) -> Iterator[tuple[str, str]]:
    """The facts as a person would list them."""
    yield from facts.versions.items()
    for label in ("python", "macos", "arch", "chip"):
        if value := getattr(facts, label):
            yield label, value
