"""The same request for a machine with Linux: one team, two kinds of machine.

It gets the very TensorFlow of the Mac's lock, and the Mac's versions of all packages where there
are files of them for Linux and they fit together. TensorFlow's extra ``and-cuda``, which is there
from 2.14 on, brings CUDA's libraries as wheels; before, they are the system's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import Refusal, TfmacLockError
from ..matrix.base import version
from ..matrix.reasons import Reason
from ..matrix.verdict import Pair
from ..resolve.conflict import Unsatisfiable
from ..resolve.pairs import METAL_NAME
from ..resolve.provider import Facts, Rules
from ..resolve.requirement import ByUser, Requirement
from ..resolve.view import View
from .asked import for_the_pair
from .beside import KINDS, Beside, differences

if TYPE_CHECKING:
    from .make import Resolver
    from .model import Lock
    from .request import LockRequest

TENSORFLOW = "tensorflow"
NAME = canonicalize_name(TENSORFLOW)
FIRST_WITH_CUDA = "2.14"
AND_CUDA = "and-cuda"
TENSORRT = "tensorrt"
CHOSEN = ByUser("--also linux-cuda", chosen=True)

SYSTEM_CUDA = Reason(
    kind="cuda",
    text=f"TensorFlow before {FIRST_WITH_CUDA} has no extra {AND_CUDA}: CUDA and cuDNN are those "
    "of the system, in the versions that TensorFlow's release was built for",
    source="https://www.tensorflow.org/install/source#gpu",
)

WITHOUT_TENSORRT = Reason(
    kind="cuda",
    text=f"its extra {AND_CUDA} asks for {TENSORRT} too, which has no wheel for this Python; it is "
    "left out, as the extra of TensorFlow 2.15.0.post1 and newer does",
    source="https://pypi.org/project/tensorflow/2.15.0.post1/",
)


@dataclass(eq=False)
class NotThere(Refusal):
    """The Mac's TensorFlow cannot be had on the other machine with the same request."""

    name: str
    tensorflow: str
    why: TfmacLockError
    template = (
        "--also {name}: TensorFlow {tensorflow}, which is the Mac's, cannot be had "
        "there with the same request, so nothing was written. {why}"
    )


def lock_beside(resolver: Resolver, request: LockRequest, mac: Lock, name: str) -> Lock:
    """The lock for that kind of machine; raises NotThere.

    ``request`` was read for that machine, so that the markers in it hold there.
    """
    tensorflow = mac.combo.tensorflow
    request, _ = for_the_pair(resolver.matrix, request)
    request = replace(
        request,
        requirements=tuple(item for item in request.requirements if item.name != METAL_NAME),
        constraints=tuple(item for item in request.constraints if item.name != METAL_NAME),
        preferred=mac.versions,
    )
    pair = Pair(
        package=TENSORFLOW,
        tensorflow=tensorflow,
        metal=None,
        arch=request.pair.arch,
        python=mac.combo.python,
    )
    try:
        lock = _with_cuda(resolver, request, pair) if KINDS[name][1] else None
        lock = lock or resolver.lock_pair(request, pair).lock
    except Refusal as error:
        raise NotThere(name, tensorflow, error) from error
    combo_id = lock.combo.id.replace("-cpu-", "-cuda-") if KINDS[name][1] else lock.combo.id
    return replace(
        lock,
        combo=replace(lock.combo, id=combo_id),
        command=f"{mac.command} --also {name}",
        beside=Beside(name=name, differences=differences(mac.packages, lock.packages)),
    )


def _with_cuda(resolver: Resolver, request: LockRequest, pair: Pair) -> Lock:
    """The lock with CUDA's libraries, where TensorFlow has an extra for them."""
    if version(pair.tensorflow) < version(FIRST_WITH_CUDA):
        return _noting(SYSTEM_CUDA, resolver.lock_pair(request, pair).lock)
    here = f"=={pair.tensorflow}"
    item = Requirement(NAME, frozenset({AND_CUDA}), SpecifierSet(here), CHOSEN)
    try:
        return resolver.lock_pair(_and(request, item), pair).lock
    except Unsatisfiable as error:
        if not any(name.startswith(TENSORRT) for name in error.names):
            raise
    view = View(
        resolver.source,
        resolver.matrix.platforms.target(
            request.pair.python, request.pair.chip, None, request.pair.os
        ),
    )
    found = Facts(Rules(view=view), ()).of_extra(NAME, version(pair.tensorflow), AND_CUDA)
    others = [replace(one, origin=CHOSEN) for one in found if not one.name.startswith(TENSORRT)]
    return _noting(WITHOUT_TENSORRT, resolver.lock_pair(_and(request, *others), pair).lock)


def _and(request: LockRequest, *items: Requirement) -> LockRequest:
    return replace(request, requirements=(*request.requirements, *items))


def _noting(note: Reason, lock: Lock) -> Lock:
    reasons = (*lock.verdict.reasons, note)
    return replace(lock, verdict=replace(lock.verdict, reasons=reasons))
