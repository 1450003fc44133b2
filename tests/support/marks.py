"""Marks that several modules give."""

from __future__ import annotations

import pytest

LONG = (pytest.mark.slow, pytest.mark.long)
"""What takes an hour in all: tried every week and by hand, and a sample of it in each run."""
