"""Counting calls into the tallies."""

from analytics.services.steps import STEP, catch_up, forget, roll_up, uncounted

__all__ = ["STEP", "catch_up", "forget", "roll_up", "uncounted"]
