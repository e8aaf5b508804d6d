"""Is an image policy really enforced in a namespace? One module a mechanism, each telling its chain of links."""
