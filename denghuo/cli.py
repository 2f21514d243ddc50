"""The front door: one command, and each room adds its own to it."""

from importlib.metadata import EntryPoint, entry_points

import click

GROUP = "denghuo.commands"
HEARD = frozenset({"sync"})
"""Commands by which something becomes known that other rooms are to hear of."""


class RoomCommands(click.Group):
    """Loads a room only when its command is asked for, so that `denghuo rate` starts fast."""

    def _entries(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._entries())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = self._entries().get(name)
        if entry is not None and name in HEARD:
            from denghuo.wiring import wire  # loads every room, which other commands need not

            wire()
        return entry.load() if entry else None


@click.command(cls=RoomCommands)
def main() -> None:
    """Denghuo 灯火: the customer side of an electric utility."""
