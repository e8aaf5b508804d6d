"""Supply chain: what registries and scanners say about the images that run."""
