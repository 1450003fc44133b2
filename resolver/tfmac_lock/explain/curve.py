"""A loss that explodes, seen in the progress that Keras prints.

No pattern can compare numbers, so this failure has a detector. It keeps a handful of numbers,
whatever the length of the log.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

_EPOCH = re.compile(rb"Epoch\s{0,3}(\d{1,7})\s{0,2}/\s{0,2}\d{1,7}")
_NUMBER = re.compile(
    rb"\s{0,3}(nan|-?inf|-?\d{1,39}(?:\.\d{1,15})?(?:e[+-]?\d{1,3})?)",
    re.IGNORECASE,
)
_ACCURACY = re.compile(rb"acc(?:uracy)?:\s{0,3}(0\.\d{1,10}|1\.0{1,10})")

GROWTH = 10.0
"""A later epoch's loss over the best one's: training noise stays far below."""

LEAST_RISE = 2.0
"""The same as a difference, so that a loss near zero may wobble."""

HUGE = 1e15
"""A loss that no data explain, whatever their scale: their errors would be in tens of millions."""

STEADY_EPOCHS = 4
STEADY_GROWTH = 3.0
STEADY_RISE = 1.0
"""The same for a loss that rose in each of the last epochs: noise does not keep a direction."""

LARGEST_LOSS_PER_ERROR = 16.2
"""Mean loss over the share of wrong answers. Keras clips probabilities at 1e-7, which is a loss
of -ln(1e-7) = 16.1 for one answer; above it the logits have run away."""


@dataclass(slots=True, kw_only=True)
class LossCurve:
    """Fed with lines in order; ``line`` is the first that shows the loss exploding, or empty."""

    line: str = ""
    _epoch: int = 0
    _first_epoch: int = 0
    _best: float = math.inf
    _latest: float = math.nan
    _before: float = math.nan
    _rises: int = 0
    _carry: bytes = field(default=b"", repr=False)

    def feed(self, raw: bytes) -> None:
        """Take the next bytes of the log; a line may be torn between two calls."""
        raw = self._carry + raw
        end = max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1
        self._carry = raw[end:][-4096:]
        self._read(raw[:end])

    def finish(self) -> None:
        """Take what was left without a line end."""
        self._read(self._carry)
        self._carry = b""

    def _read(self, raw: bytes) -> None:
        start = 0
        for heading in _EPOCH.finditer(raw):
            self._read_losses(raw, start, heading.start())
            start = heading.end()
            self._begin(int(heading[1]))
        self._read_losses(raw, start, len(raw))

    def _begin(self, epoch: int) -> None:
        if epoch < self._epoch or epoch == self._epoch == 1:  # another training
            self._first_epoch = self._rises = 0
            self._best = self._latest = math.inf
            self._before = math.nan
        elif epoch == self._epoch:  # the same heading, drawn again
            return
        elif math.isfinite(self._latest):
            self._best = min(self._best, self._latest)
            self._rises = self._rises + 1 if self._latest > self._before else 0
            self._before = self._latest
        self._first_epoch = self._first_epoch or epoch
        self._epoch = epoch

    def _read_losses(self, raw: bytes, start: int, end: int) -> None:
        """The last loss between two headings stands for them all: Keras prints running means."""
        at = end
        while not self.line and self._epoch and (at := raw.rfind(b"loss:", start, at)) >= 0:
            before = raw[at - 1 : at]
            if before.isalnum() or before == b"_":  # val_loss, box_loss
                continue
            number = _NUMBER.match(raw, at + 5)
            if number:
                self._judge(raw, at, float(number[1]))
                return

    def _judge(self, raw: bytes, at: int, loss: float) -> None:
        begin = max(raw.rfind(b"\n", 0, at), raw.rfind(b"\r", 0, at)) + 1
        stop = min((n for n in (raw.find(b"\n", at), raw.find(b"\r", at)) if n >= 0), default=None)
        line = raw[max(begin, at - 300) : stop][:600]
        grown = loss > GROWTH * self._best and loss > self._best + LEAST_RISE
        steady = (
            self._rises >= STEADY_EPOCHS
            and loss > self._before
            and loss > STEADY_GROWTH * self._best
            and loss > self._best + STEADY_RISE
        )
        huge = loss > HUGE and self._epoch > 1
        if not math.isfinite(loss) or huge or grown or steady or self._runaway(loss, line):
            self.line = " ".join(line.decode("utf-8", "replace").split())[:300]
        self._latest = loss

    def _runaway(self, loss: float, line: bytes) -> bool:
        """A lone late epoch with good accuracy and a loss that no good model has.

        Only where the log begins late: with the earlier epochs at hand their losses decide, since
        a large regularisation loss that falls is healthy.
        """
        accuracy = _ACCURACY.search(line)
        if self._epoch != self._first_epoch or self._epoch < 3 or accuracy is None:
            return False
        wrong = max(1.0 - float(accuracy[1]), 1e-3)
        return float(accuracy[1]) >= 0.8 and loss / wrong > LARGEST_LOSS_PER_ERROR and loss > 2.0
