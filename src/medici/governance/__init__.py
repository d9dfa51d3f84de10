"""Decides: shares and what they pay."""
