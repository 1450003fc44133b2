"""Texts that others choose, and that must not get out of the place that they are written to."""

from __future__ import annotations

HOSTILE = (
    "plain",
    "two\nlines",
    "a\r\ncarriage return",
    "a\u2028line separator\u2029paragraph\x85next line",
    "\x1b[2J\x1b]0;title\x07 terminal",
    "\x00null\x08\x7f",
    "\u202egnp.exe right to left",
    "\"double\" and 'single' and `back`",
    '"""\n[tool.evil]\nrun = true\n"""',
    "''' ''' \\ \\u0041 \\N{BULLET}",
    "key: [yaml, &anchor *alias, !!python/object/apply:os.system ['true']]",
    "- item\n  other: {a: b}",
    "# comment --index-url http://127.0.0.1:9/simple/",
    "--hash=sha256:" + "0" * 64 + " \\",
    "six==1.17.0 \\\n    --hash=sha256:" + "1" * 64,
    "$(touch owned); `touch owned`; | touch owned && touch owned",
    "<script>alert(1)</script> &lt; ]]> --> <!--",
    "[a](javascript:alert(1)) ![b](http://127.0.0.1:9/) | cell | <img src=x onerror=alert(1)>",
    "%n %s {0} {name} ${HOME} {{ 7 * 7 }} {% if 1 %}",
    "\ud7ff\ufffd\ufeff\u200b\u00ad end",
    "x" * 5000,
)
"""One for each way out: lines, control characters, quotes, comments, options, shells, markup."""
