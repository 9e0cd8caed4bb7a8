"""What is read, from where, and which place wins."""

import logging
from pathlib import Path

import pytest
from conftest_config import DemoConfig

from imbridge.config import DirectPolicy, Language, LogFormat, LogLevel, Settings, SkillSource
