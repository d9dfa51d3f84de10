"""Ridges of a mountain, line behind line, in integers alone: a generator for Medici."""
