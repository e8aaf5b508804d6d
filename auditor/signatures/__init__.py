"""Signatures of images: verified from what a registry held, by the keys and identities that the policy trusts."""
