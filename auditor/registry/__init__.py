"""What registries say of the images in use: a small, strict client that trusts neither registries nor image names."""
