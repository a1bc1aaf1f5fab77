"""A group of commands with options of its own that its commands do not wait for."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class OwnOptions(TyperGroup):
    """A group that leaves its own options alone where a command is the first word.

    Typer else converts them all before the command is asked, by pydantic, which takes longer to
    import than the help of the command takes to print. The callback gets its defaults then.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer's class is private
        """Take the group's own options, or what is left for the command."""
        if not args or args[0] not in self.commands:
            return super().parse_args(ctx, args)
        own, self.params = self.params, []
        try:
            return super().parse_args(ctx, args)
        finally:
            self.params = own
