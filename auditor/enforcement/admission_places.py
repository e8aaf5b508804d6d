"""What an admission policy says of an image in each place of a pod where one can stand."""

from __future__ import annotations

from msgspec import structs

from auditor.enforcement.admission_bench import Bench
from auditor.enforcement.admission_review import Review
from auditor.enforcement.samples import DIGEST, Sample

PLACES = ("pods updated", "ephemeral containers", "init containers", "image volumes")
"""Where else than in the containers of a new pod an image can stand."""
_MOST_BASES = 4


def places_of(bench: Bench, image: str) -> dict[str, Review]:
    """The answers where an image that breaks the goal stands in a place beside good images."""
    let_in = bench.plain.outcome == "allowed"
    base = bench.good[0].pinned if bench.good else f"{bench.host}/other@{DIGEST}"
    # Nobody knows what runs where no image was found that gets in.
    bases = [base] if bench.good else [base, *(candidate.pinned for candidate, _ in bench.tried[:_MOST_BASES])]
    questions = (
        [Sample((image,), before=(before,)) for before in bases],
        [Sample((before,), before=(before,), ephemeral=(image,)) for before in bases],
        [Sample((base,), init=(image,))],
        [Sample((base,), volumes=(image,))],
    )
    answers = [_one_answer(bench, samples) for samples in questions]
    if not (bench.good or let_in):
        # The container beside it may be what was denied.
        lost = Review("unknown", detail="no image was found that it lets in")
        answers = [answer if answer.everything else lost for answer in answers]
    return dict(zip(PLACES, answers, strict=True))


def _one_answer(bench: Bench, samples: list[Sample]) -> Review:
    """The answer to all samples, each with its account's token and without, if it is one."""
    asked = [bench.ask(each) for sample in samples for each in (sample, structs.replace(sample, token=False))]
    if len({answer.outcome for answer in asked}) == 1:
        return structs.replace(asked[0], everything=all(answer.everything for answer in asked))
    return Review("unknown", detail="it turns on what else is in the pod")
