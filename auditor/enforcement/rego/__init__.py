"""Rego, as far as constraint templates use it: parsed, checked as the compiler checks it, and evaluated on samples."""
