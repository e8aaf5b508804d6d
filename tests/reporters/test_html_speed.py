"""The HTML page in headless Chromium with ten thousand findings, measured against one with few."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from tests.reporters.html_samples import large
from tests.reporters.html_tabs import Opener

# Times from a change of the filter to the picture that shows it, and between pictures while the page scrolls fast.
MEASURE = """(async () => {
  const picture = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const idle = () => new Promise((done) => requestIdleCallback(done));
  const field = document.getElementById("q");
  document.getElementById("findings").scrollIntoView({ behavior: "instant" });
  const keys = [];
  for (const text of ["s", "service-7", "", "finding 7", "zzz", "", "team-1 service", "team-1 service-1", "", "tag"]) {
    await idle();
    await picture();
    const start = performance.now();
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await picture();
    keys.push(performance.now() - start);
  }
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await picture();
  const pictures = [];
  for (let step = 0; step < 60; step += 1) {
    const start = performance.now();
    scrollBy({ top: 700, behavior: "instant" });
    await picture();
    pictures.push(performance.now() - start);
  }
  return { keys, pictures, live: document.querySelectorAll(".rows > li").length };
})()"""


def test_ten_thousand_findings_are_all_there(opened: Opener, record_property: Callable[[str, object], None]) -> None:
    """Every finding is in the page and can be filtered; how long that takes is recorded, not judged."""
    small, big = (opened(large(count)).run(MEASURE) for count in (250, 10_000))
    assert (small["live"], big["live"]) == (250, 10_000)
    for what in ("keys", "pictures"):
        before, after = (statistics.median(found[what]) for found in (small, big))
        record_property(f"{what}, milliseconds", f"250: {before:.0f}, 10,000: {after:.0f}, worst {max(big[what]):.0f}")
