"""A lock: every file to install, and what is believed of the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..matrix.reasons import Grade, Reason, Status, Verdict
from ..target import Arch, MacOSVersion, Os

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..conda.state import ChannelState
    from ..matrix.companions import CompanionVerdict
    from ..matrix.recipes import RecipeVerdict
    from ..pypi.attestations import Publisher
    from .beside import Beside

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One file to install.

    ``requires`` are the requirements that its metadata state for the target, markers already
    applied; those of a conda package are conda specs. ``build``, ``md5`` and ``constrains`` are
    recorded of conda packages alone, ``publishers`` where attestations were required. Size and
    upload time are left out on purpose: only some indexes state them, and the same request must
    give the same bytes from each.
    """

    name: str
    version: str
    manager: str
    filename: str
    url: str
    sha256: str
    requires: tuple[str, ...] = ()
    build: str = ""
    md5: str = ""
    constrains: tuple[str, ...] = ()
    publishers: tuple[Publisher, ...] = ()

    @property
    def is_source(self) -> bool:
        """Whether it is a source archive, which pip builds when it installs it."""
        return self.manager == "pip" and not self.filename.endswith(".whl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Combo:
    """A row of the matrix: what is installed on which Mac.

    ``macos_min`` is the oldest macOS that the lock runs on; it is None for Linux. ``chip`` is
    the one that was asked for; the lock fits every chip of the same architecture.
    """

    id: str
    package: str
    tensorflow: str
    metal: str | None
    numpy: str | None
    h5py: str | None
    python: str
    chip: str
    arch: Arch
    os: Os
    macos_min: MacOSVersion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Every file to install, sorted by manager and name, with the combo and its verdict.

    ``as_of`` is the day up to which the index was looked at; ``command`` are the options that
    ask for the same lock again, and ``request`` those that were given, which later may give
    another; it is empty where nobody asked. ``beside`` tells of a lock for another machine how it
    stands to the Mac's. ``channels`` are there where conda packages are.
    ``companions`` are verdicts on the packages that touch TensorFlow, beside the pair's own;
    ``environment`` are the variables that they need to run. ``recipe`` is the one that it was
    made for.
    """

    combo: Combo
    verdict: Verdict
    packages: tuple[LockedPackage, ...]
    as_of: str
    command: str
    request: str = ""
    beside: Beside | None = None
    channels: tuple[ChannelState, ...] = ()
    companions: tuple[CompanionVerdict, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    recipe: RecipeVerdict | None = None

    @property
    def wheels(self) -> tuple[LockedPackage, ...]:
        """What pip installs."""
        return tuple(package for package in self.packages if package.manager == "pip")

    @property
    def versions(self) -> dict[NormalizedName, Version]:
        """The versions of what pip installs."""
        from packaging.utils import canonicalize_name
        from packaging.version import Version

        return {canonicalize_name(one.name): Version(one.version) for one in self.wheels}

    @property
    def conda_packages(self) -> tuple[LockedPackage, ...]:
        """What conda installs, before pip."""
        return tuple(package for package in self.packages if package.manager == "conda")

    @property
    def has_cuda(self) -> bool:
        """Whether it brings CUDA's libraries as wheels, as TensorFlow's extra ``and-cuda`` does."""
        return any(package.name.startswith("nvidia-cudnn") for package in self.packages)

    def required_by(self) -> dict[str, list[str]]:
        """For each package the names of those that require it, sorted."""
        parents: dict[str, set[str]] = {package.name: set() for package in self.packages}
        for package in self.packages:
            for text in package.requires:
                parents.setdefault(required_name(text), set()).add(package.name)
        return {name: sorted(names) for name, names in parents.items()}


def required_name(requirement: str) -> str:
    """The normalised name at the head of a requirement; raises ValueError where there is none."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    if found is None:
        raise ValueError(f"{requirement!r} names no package")
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def combo_id(package: str, tensorflow: str, metal: str | None, python: str, machine: str) -> str:
    """The name of a combo in paths and addresses."""
    plugin = f"metal-{metal}" if metal else "cpu"
    return f"{package}-{tensorflow}-{plugin}-py{python}-{machine}"


def lock_id(lock: Lock) -> str:
    """Sixteen digits that all files of one lock carry, and those of no other.

    They stand for what is installed alone: a new report makes no other lock of it. The hashes of
    the files are evenly spread already, so their sum needs no hash of its own, whose import
    takes the fast path longer than all the rest of it.
    """
    total = sum(int(package.sha256[:16] or "0", 16) for package in lock.packages)
    return f"{total % 2**64:016x}"


def to_json(lock: Lock, files: Iterable[str] = ()) -> dict[str, Any]:
    """The published form of a lock."""
    return {
        "schema_version": SCHEMA_VERSION,
        "combo": _combo_json(lock.combo),
        "lock_id": lock_id(lock),
        "verdict": {
            "status": lock.verdict.status.value,
            "grade": lock.verdict.grade and lock.verdict.grade.value,
            "reasons": [_reason_json(reason) for reason in lock.verdict.reasons],
        },
        "as_of": lock.as_of,
        "command": lock.command,
        **({"request": lock.request} if lock.request else {}),
        **(lock.beside.to_json() if lock.beside else {}),
        "companions": _companions_json(lock.companions),
        "environment": dict(lock.environment),
        **_recipe_json(lock.recipe),
        **_contents_json(lock),
        "files": list(files),
    }


def _combo_json(combo: Combo) -> dict[str, Any]:
    return {
        "id": combo.id,
        "tensorflow": {"package": combo.package, "version": combo.tensorflow},
        "metal": {"package": "tensorflow-metal", "version": combo.metal} if combo.metal else None,
        "numpy": combo.numpy,
        "h5py": combo.h5py,
        "python": combo.python,
        "chip": combo.chip,
        "arch": combo.arch.value,
        "os": combo.os.value,
        "macos_min": str(combo.macos_min) if combo.macos_min else None,
    }


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "text": reason.text,
        "source": reason.source,
        "grade": reason.grade and reason.grade.value,
        "against": reason.against,
        "fatal": reason.fatal,
    }


def _reason(row: Any) -> Reason:
    grade = row.get("grade")  # locks that earlier versions wrote have the three texts alone
    return Reason(
        kind=row["kind"],
        text=row["text"],
        source=row["source"],
        grade=Grade(grade) if grade else None,
        against=row.get("against", False),
        fatal=row.get("fatal", False),
    )


def _contents_json(lock: Lock) -> dict[str, Any]:
    content: dict[str, Any] = {"packages": [_package_json(package) for package in lock.packages]}
    if lock.channels:
        content["channels"] = [
            {
                "url": channel.url,
                "files": channel.files,
                "newest": channel.newest,
                "sha256": channel.sha256,
            }
            for channel in lock.channels
        ]
    return content


def _package_json(package: LockedPackage) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "manager": package.manager,
        "filename": package.filename,
        "url": package.url,
        "sha256": package.sha256,
        "requires": list(package.requires),
    }
    if package.manager == "conda":
        row["build"] = package.build
        row["md5"] = package.md5
        row["constrains"] = list(package.constrains)
    if package.publishers:
        row["publishers"] = [one.to_json() for one in package.publishers]
    return row


def from_json(data: Any) -> Lock:
    """The inverse of ``to_json``; raises KeyError, TypeError or ValueError for anything else."""
    combo = data["combo"]
    return Lock(
        combo=Combo(
            id=combo["id"],
            package=combo["tensorflow"]["package"],
            tensorflow=combo["tensorflow"]["version"],
            metal=combo["metal"]["version"] if combo["metal"] else None,
            numpy=combo["numpy"],
            h5py=combo["h5py"],
            python=combo["python"],
            chip=combo["chip"],
            arch=Arch(combo["arch"]),
            os=Os(combo["os"]),
            macos_min=MacOSVersion.parse(combo["macos_min"]) if combo["macos_min"] else None,
        ),
        verdict=Verdict(
            status=Status(data["verdict"]["status"]),
            grade=Grade(data["verdict"]["grade"]) if data["verdict"]["grade"] else None,
            reasons=tuple(map(_reason, data["verdict"]["reasons"])),
        ),
        packages=tuple(
            LockedPackage(
                name=row["name"],
                version=row["version"],
                manager=row["manager"],
                filename=row["filename"],
                url=row["url"],
                sha256=row["sha256"],
                requires=tuple(row["requires"]),
                build=row.get("build", ""),
                md5=row.get("md5", ""),
                constrains=tuple(row.get("constrains", ())),
                publishers=_publishers(row.get("publishers")),
            )
            for row in data["packages"]
        ),
        as_of=data["as_of"],
        command=data["command"],
        request=data.get("request", ""),
        beside=_beside(data.get("beside")),
        companions=_companions(data.get("companions")),
        environment=dict(data.get("environment", {})),
        recipe=_recipe(data.get("recipe")),
        channels=_channels(data.get("channels")),
    )


def _publishers(rows: Any) -> tuple[Publisher, ...]:
    # As with channels.
    if not rows:
        return ()
    from ..pypi.attestations import Publisher

    return tuple(map(Publisher.from_json, rows))


def _channels(rows: Any) -> tuple[ChannelState, ...]:
    # Imported where there are any, since locks of wheels have none.
    if not rows:
        return ()
    from ..conda.state import ChannelState

    return tuple(
        ChannelState(url=row["url"], files=row["files"], newest=row["newest"], sha256=row["sha256"])
        for row in rows
    )


def _beside(data: Any) -> Beside | None:
    if data is None:
        return None
    from .beside import from_json

    return from_json(data)


def _companions_json(companions: Iterable[CompanionVerdict]) -> list[dict[str, Any]]:
    # Imported where there are any, since published locks have none.
    found = list(companions)
    if not found:
        return []
    from ..matrix.plain import plain

    return [plain(one) for one in found]


def _companions(rows: Any) -> tuple[CompanionVerdict, ...]:
    if not rows:
        return ()
    from ..matrix.companions import CompanionVerdict
    from ..matrix.plain import read

    return tuple(read(CompanionVerdict, row) for row in rows)


def _recipe_json(recipe: RecipeVerdict | None) -> dict[str, Any]:
    # Only where there is one, as with channels: published locks are made for none.
    if recipe is None:
        return {}
    from ..matrix.plain import plain

    return {"recipe": plain(recipe)}


def _recipe(row: Any) -> RecipeVerdict | None:
    if not row:
        return None
    from ..matrix.plain import read
    from ..matrix.recipes import RecipeVerdict

    return read(RecipeVerdict, row)
