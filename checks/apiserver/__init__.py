"""Checks of the API server: its flags, its mounts and the images of the control plane."""
