"""Counters in Prometheus' text format.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/. Labels come from fixed
sets, never from what clients send, so that their number is bounded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends in seconds."""


@dataclass(slots=True)
class Metrics:
    """What was answered, how long it took and what was refused."""

    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    cached: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[int]] = field(default_factory=dict)
    total_seconds: Counter[str] = field(default_factory=Counter)

    def note(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self.answered[route, status] += 1
        counts = self.seconds.get(route)
        if counts is None:
            counts = self.seconds[route] = [0] * (len(BUCKETS) + 1)
        for place, end in enumerate(BUCKETS):
            if seconds <= end:
                counts[place] += 1
                break
        else:
            counts[-1] += 1
        self.total_seconds[route] += seconds  # type: ignore[assignment]  # counts fractions

    def text(self, gauges: dict[str, float]) -> str:
        """Everything as text; ``gauges`` are values of this moment."""
        lines = ["# TYPE tfmac_lock_requests_total counter"]
        for (route, status), count in sorted(self.answered.items()):
            lines.append(f'tfmac_lock_requests_total{{route="{route}",status="{status}"}} {count}')
        lines.append("# TYPE tfmac_lock_request_seconds histogram")
        for route, counts in sorted(self.seconds.items()):
            name = "tfmac_lock_request_seconds"
            running = 0
            for end, count in zip((*BUCKETS, "+Inf"), counts, strict=True):
                running += count
                lines.append(f'{name}_bucket{{route="{route}",le="{end}"}} {running}')
            lines.append(f'{name}_sum{{route="{route}"}} {self.total_seconds[route]:.6f}')
            lines.append(f'{name}_count{{route="{route}"}} {running}')
        for kind, counter in (("refused", self.refused), ("cache_hits", self.cached)):
            lines.append(f"# TYPE tfmac_lock_{kind}_total counter")
            for label, count in sorted(counter.items()):
                lines.append(f'tfmac_lock_{kind}_total{{reason="{label}"}} {count}')
        for name, value in sorted(gauges.items()):
            lines += [f"# TYPE tfmac_lock_{name} gauge", f"tfmac_lock_{name} {value:g}"]
        return "\n".join(lines) + "\n"
