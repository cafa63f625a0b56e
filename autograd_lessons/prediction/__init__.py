"""Predict, then reveal: before each step back its number, or its factor, is asked for, checked, and only then shown."""

from .panel import Prediction
from .tally import TALLY, Tally

__all__ = ["TALLY", "Prediction", "Tally"]
