"""Checks of admission: is an image policy enforced, where, and what is weak about it."""
