"""Checks of what the nodes cache."""
