"""One firm, opened from its folder: settings, store, catalogue, keys, model and chain together.

The rooms below know nothing of each other; here a work goes through them in order.
"""
