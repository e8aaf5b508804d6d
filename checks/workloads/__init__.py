"""Checks of what workloads say about their images, and of what runs of them."""
