"""How many of some moments lie close together."""


def most_in_any_window(times: list[float], period: float) -> int:
    """The largest number of moments in any half-open stretch of `period`."""
    most = first = 0
    times = sorted(times)
    for last, time in enumerate(times):
        while time - times[first] >= period:
            first += 1
        most = max(most, last - first + 1)
    return most
