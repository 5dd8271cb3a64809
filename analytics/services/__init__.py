"""Counting calls into the tallies."""

from analytics.services.steps import STEP, Uncounted, catch_up, forget, roll_up, uncounted

__all__ = ["STEP", "Uncounted", "catch_up", "forget", "roll_up", "uncounted"]
