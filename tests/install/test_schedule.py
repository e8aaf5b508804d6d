"""Cron schedules: what Kubernetes takes, what it refuses, and what would never come."""

from __future__ import annotations

import pytest

from auditor.install.schedule import problem


@pytest.mark.parametrize(
    "schedule",
    [
        "17 3 * * *",
        "*/5 * * * *",
        "0 0 29 2 *",
        "0 0 31 1,2 *",
        "0 22 * * 1-5",
        "0 22 ? * MON-Fri",
        "5/15 0-6/2 1,15 jan-MAR sun",
        "0 0 31 2 1",  # the day of the week counts too, then
        "  0   0\t* * * ",
        *("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"),
    ],
)
def test_what_kubernetes_takes(schedule: str) -> None:
    assert problem(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ("", "0 fields"),
        ("0 0 * *", "4 fields"),
        ("0 0 0 * * *", "6 fields"),
        ("TZ=UTC 0 0 * * *", "6 fields"),
        ("60 0 * * *", "minute 60: 60 is not within 0 to 59"),
        ("0 24 * * *", "hour"),
        ("0 0 0 * *", "day of the month"),
        ("0 0 32 * *", "day of the month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 7", "not within 0 to 6"),
        ("0 0 * * 5-1", "day of the week"),
        ("0 0 L * *", "day of the month"),
        ("0 0 15W * *", "day of the month"),
        ("0 0 * * 1#2", "no value"),
        ("0 0 * * mo", "day of the week"),
        ("0,,1 0 * * *", "an empty entry"),
        ("*/0 0 * * *", "a step of 0"),
        ("*-5 0 * * *", "no range"),
        ("1-2-3 0 * * *", "no value"),
        ("1/2/3 0 * * *", "no value"),
        ("-1 0 * * *", "no value"),
        ("٣ 0 * * *", "no value"),
        ("0 0 30 2 *", "never"),
        ("0 0 31 4,6,9,11 ?", "never"),
        ("@every 5m", "there is no @every"),
        ("@reboot", "there is no @reboot"),
        ("@Daily", "there is no"),
    ],
)
def test_what_it_refuses(schedule: str, reason: str) -> None:
    assert reason in (problem(schedule) or "")
