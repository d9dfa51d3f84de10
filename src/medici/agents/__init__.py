"""Runs the business: the durable round from generation to dividends."""
