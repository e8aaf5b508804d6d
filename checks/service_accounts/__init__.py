"""Checks of the pull secrets that service accounts hand to their pods."""
