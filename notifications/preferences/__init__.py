"""What people want to be told, by which way, at which hours, and what they have agreed to."""

from notifications.preferences.reach import addresses
from notifications.preferences.stops import stopped
from notifications.preferences.wishing import Wishes, wishes

__all__ = ["Wishes", "addresses", "stopped", "wishes"]
