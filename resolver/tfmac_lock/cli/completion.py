"""Completion scripts: those of bash, zsh and tcsh by shtab, those of fish and PowerShell here.

Sources: https://fishshell.com/docs/current/completions.html;
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/register-argumentcompleter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import full_parser
from .words import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .words import Command, Word

NAME = "tfmac-lock"


def script(shell: str) -> str:
    """The completion script for that shell."""
    if shell == "fish":
        return "\n".join(_fish()) + "\n"
    if shell == "powershell":
        return "\n".join(_powershell()) + "\n"
    import shtab

    return shtab.complete(full_parser(), shell)


def _fish() -> Iterator[str]:
    main, *others = commands()
    tops = [one for one in others if " " not in one.name]
    names = " ".join(one.name for one in tops)
    yield f"# fish completion for {NAME}"
    yield f"complete -c {NAME} -f"
    none = f"not __fish_seen_subcommand_from {names}"
    for one in tops:
        yield f"complete -c {NAME} -n {_fish_text(none)} -a {one.name} -d {_fish_text(one.help)}"
    yield from _fish_options(main, none)
    for one in others:
        top, _, part = one.name.partition(" ")
        condition = f"__fish_seen_subcommand_from {top}"
        if part:
            name = _fish_text(f"{condition}; and not __fish_seen_subcommand_from {part}")
            text = _fish_text(one.help)
            yield f"complete -c {NAME} -n {name} -a {part} -d {text}"
            condition += f"; and __fish_seen_subcommand_from {part}"
        yield from _fish_options(one, condition)


def _fish_options(command: Command, condition: str) -> Iterator[str]:
    for word in command.words:
        line = [f"complete -c {NAME} -n {_fish_text(condition)}"]
        line += [
            f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in word.flags
        ]
        if word.choices:
            line.append(f"{'-x ' if word.flags else ''}-a {_fish_text(' '.join(word.choices))}")
        elif word.is_path:
            line.append("-r -F" if word.flags else "-F")
        elif word.value and word.flags:
            line.append("-x")
        if word.flags or word.choices or word.is_path:
            yield " ".join([*line, "-d", _fish_text(_short(word))])


def _fish_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _short(word: Word) -> str:
    """The first clause of the help, which fits beside a candidate."""
    return word.help.partition(";")[0].partition(" (default")[0]


def _powershell() -> Iterator[str]:
    yield f"# PowerShell completion for {NAME}"
    yield f"Register-ArgumentCompleter -Native -CommandName {NAME} -ScriptBlock {{"
    yield "    param($wordToComplete, $commandAst, $cursorPosition)"
    yield "    $table = @{"
    found = commands()
    for command in found:
        prefix = f"{command.name} ".lstrip()
        parts = [
            (one.name.removeprefix(prefix), one.help)
            for one in found
            if one.name.startswith(prefix) and one.name and " " not in one.name[len(prefix) :]
        ]
        options = [(flag, _short(word)) for word in command.words for flag in word.flags]
        yield f"        {_powershell_text(command.name)} = @("
        rows = [
            f"            @({_powershell_text(name)}, {_powershell_text(text or name)})"
            for name, text in (*parts, *options)
        ]
        yield ",\n".join(rows)
        yield "        )"
    yield "    }"
    yield "    $path = ''"
    yield "    foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {"
    yield '        $next = "$path $element".Trim()'
    yield "        if ($table.ContainsKey($next)) { $path = $next }"
    yield "    }"
    yield '    $table[$path] | Where-Object { $_[0] -like "$wordToComplete*" } | ForEach-Object {'
    yield (
        "        [System.Management.Automation.CompletionResult]::new("
        "$_[0], $_[0], 'ParameterValue', $_[1])"
    )
    yield "    }"
    yield "}"


def _powershell_text(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
