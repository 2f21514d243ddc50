"""Who may pay late and why, how well that is foretold, and firms whose usage fell."""

from portal.staff.insight.views import blueprint

__all__ = ["blueprint"]
