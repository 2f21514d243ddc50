"""Disconnections for arrears, from the plan to the hour; never automatic (`planning`).

What is published is the law's: `DisconnectionPlanned` is the notice that must provably go out in
time, and whoever sends it says so by `note_told`; so it is with `DisconnectionNear`, the warnings
before the hour, and `note_warned`. `rules.yaml` has the days and hours.
"""

from service.disconnections.watching import note_told, note_untold, note_unwarned, note_warned

__all__ = ["note_told", "note_untold", "note_unwarned", "note_warned"]
