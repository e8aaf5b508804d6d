"""Numbers with what they count."""


def quantity(count: int, noun: str) -> str:
    """`1 failure`, `2,000 failures`. The noun is one whose plural adds an s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
