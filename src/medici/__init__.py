"""Medici: an algorithmic creative firm in a box."""

__version__ = "0.1.0"
