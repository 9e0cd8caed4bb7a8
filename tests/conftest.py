"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How fast examples are made and run is the machine's affair: no test fails by the clock.
settings.register_profile("imbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("imbridge")
