"""Property tests of this room are judged by what they find, not by how fast the machine is."""

from hypothesis import HealthCheck, settings

settings.register_profile("rating", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rating")
