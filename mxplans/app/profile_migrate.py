"""The command `mxplans profile migrate`. What it needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class To(StrEnum):
    """What a configuration may be turned into."""

    YAML_B = "yaml-b"
    """What MXCuBE reads today."""
    MXPLANS = "mxplans"
    """A profile of ours, and what is left to be done by hand."""


class LiteralStyle(StrEnum):
    """How texts that hold a literal are written."""

    TEXT = "text"
    YAML = "yaml"


def migrate(
    src: Annotated[Path, typer.Argument(help="Folder of an MXCuBE configuration.", show_default=False)],
    dst: Annotated[Path, typer.Argument(help="Folder for the result; SRC itself for in place.", show_default=False)],
    to: Annotated[To, typer.Option(help="YAML that MXCuBE reads, or a profile of mxplans.")] = To.YAML_B,
    only: Annotated[
        str | None, typer.Option(help="One object, by its name (/dir/omega) or its file; none: all.", metavar="OBJECT")
    ] = None,
    subtree: Annotated[bool, typer.Option("--subtree", help="With --only: and all that it refers to.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Convert and prove, but write no result.")] = False,
    literals: Annotated[
        LiteralStyle, typer.Option(help="Texts as '(4, 20)': left for MXCuBE's classes to parse, or written as YAML.")
    ] = LiteralStyle.TEXT,
    despite_errors: Annotated[
        bool,
        typer.Option("--despite-errors", help="Leave broken files, circles and doubles as they are; prove all else."),
    ] = False,
    table: Annotated[
        list[Path] | None,
        typer.Option(help="With --to mxplans: which class becomes which device, over the table of mxplans (YAML)."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="HTML file for the whole report, also of a dry run.", metavar="FILE")
    ] = None,
) -> None:
    """Turn XML and YAML files into YAML, prove that nothing is lost, and only then write; exit code 2 if refused."""
    from mxplans.app.migration import MigrationWish, orderly_end, run_migration
    from mxplans.app.profile_mapping import run_mapping

    wish = MigrationWish(src, dst, only, subtree, dry_run, literals, report, tuple(table or ()), despite_errors)
    with orderly_end():
        code = run_migration(wish) if to is To.YAML_B else run_mapping(wish)
    raise typer.Exit(code)
