from __future__ import annotations

import pytest

from tfmac_lock.site.figures import charts, drawing, shown
from tfmac_lock.site.pages import marked, source_link
from tfmac_lock.site.words import general, size, spans


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "unknown"), (0, "0 B"), (1234, "1.23 kB"), (252_000_000, "252 MB"), (3e9, "3 GB")],
)
def test_sizes_are_told_in_three_digits(count: int | None, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("series", "text"),
    [
        ([], ""),
        (["3.9"], "3.9"),
        (["3.9", "3.10"], "3.9, 3.10"),
        (["3.12", "3.9", "3.10", "3.11"], "3.9 to 3.12"),
        (["3.8", "3.10", "3.11", "3.12"], "3.8, 3.10 to 3.12"),
    ],
)
def test_runs_of_pythons_are_drawn_together(series: list[str], text: str) -> None:
    assert spans(series) == text


def test_only_web_addresses_become_links() -> None:
    assert source_link("https://example.org/a").startswith('<a href="https://example.org/a"')
    assert "<a" not in source_link("javascript:alert(1)")
    assert "&lt;b&gt;" in source_link("<b>")


def test_bars_are_as_long_as_their_figures() -> None:
    figure = {"id": "x", "title": "X", "text": "X", "unit": "s", "better": "less"}
    rows = [("a", 10.0, 10.0), ("b", 5.0, 7.5)]
    measures = [
        {"label": n, "machine": "", "low": low, "high": high, "date": "2022", "source": "s"}
        for n, low, high in rows
    ]

    empty = {**figure, "id": "y", "measures": []}
    (chart,) = charts({"figures": [{**figure, "measures": measures}, empty]})
    first, second = (drawing(measure, chart["longest"]) for measure in measures)

    assert 'class="value" width="1000"' in first
    assert shown(measures[1]) == "5 to 7.5"
    assert 'class="range" width="750"' in second
    assert 'class="value" width="500"' in second


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("tfmac-lock {options} --tensorflow {tensorflow}", "tfmac-lock"),
        ("tfmac-lock {options} --metal none", "tfmac-lock --metal none"),
        ("python{python_minor} -m venv env", "python3.11 -m venv env"),
        ("with tf.device('/CPU:0'):", "with tf.device('/CPU:0'):"),
        ("tfmac-lock --python 3.12 --chip {chip}", "tfmac-lock --python 3.12"),
        ('pip install "keras=={tensorflow_minor}.*"', 'pip install "keras==2.X.*"'),
        ("pip install --no-deps {companion}", "pip install --no-deps PACKAGE"),
        ("tfmac-lock {options} {others}", "tfmac-lock --with PACKAGE"),
    ],
)
def test_commands_are_shown_without_what_only_a_log_can_fill_in(command: str, shown: str) -> None:
    assert general(command) == shown


def test_what_stands_between_backticks_is_code_and_nothing_else_is_markup() -> None:
    assert marked("run `pip <x>` now") == "run <code>pip &lt;x&gt;</code> now"
    assert marked("a ` alone & <b>") == "a ` alone &amp; &lt;b&gt;"
