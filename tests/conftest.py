"""Tests of the chain on real backends are collected only where the lab's environment is set."""

import os

collect_ignore = [] if "ONRAMP_LAB_BMCS" in os.environ else ["real"]
