"""What is said, or which skill is called, at which times."""

from imbridge.protocol import ScheduledJob
from imbridge.runtime.scheduling.clock import Clock
from imbridge.runtime.scheduling.run import ScheduledRun
from imbridge.runtime.scheduling.scheduler import Scheduler

__all__ = ["Clock", "ScheduledJob", "ScheduledRun", "Scheduler"]
