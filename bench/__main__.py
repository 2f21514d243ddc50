"""Runs the benches: `python -m bench` all of them, `python -m bench NAME …` some.

Each module of this folder is one bench; its `main()` prints one JSON line with name, value,
floor, ratio and unit.
"""

import importlib
import pkgutil
import sys
from pathlib import Path


def names() -> list[str]:
    """The benches there are, by their public names."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(
        m.name.replace("_", "-")
        for m in modules
        if not m.name.startswith("_") and m.name != "floor"
    )


def main(wanted: list[str]) -> int:
    """Run what is wanted, or everything."""
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(
            f"No bench is called {', '.join(unknown)}. There are: {', '.join(names())}.",
            file=sys.stderr,
        )
        return 2
    for name in wanted or names():
        importlib.import_module(f"bench.{name.replace('-', '_')}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
