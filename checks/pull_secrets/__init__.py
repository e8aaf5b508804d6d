"""Checks of registry secrets: whether they work, whom they serve, and what they give away."""
