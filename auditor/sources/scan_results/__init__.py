"""Scan results from outside the cluster: files of several scanners, and Clair itself."""
