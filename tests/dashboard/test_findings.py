"""The numbers of the analytics page agree with each other."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from dashboard.findings import Findings
from dashboard.forms import PeriodForm


@pytest.mark.parametrize("days", [1, 40])
def test_a_day_of_half_an_hour_s_offset_has_one_number_of_sessions_and_no_session_counts_twice(
    make_session, make_call, days
):
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        last = timezone.localdate() - timedelta(days=3)
        # Midnight is at 18:30 of UTC, in the middle of an hour.
        hour = datetime.combine(last, datetime.min.time(), UTC).replace(hour=18)
        for n, minute in enumerate((-30, 15, 45, 120)):
            ago = timezone.now() - hour - timedelta(minutes=minute)
            make_call(make_session(n, ago=ago), ago=ago)

        found = []
        for until in (last, last + timedelta(days=1)):
            form = PeriodForm({"since": until - timedelta(days=days - 1), "until": until})
            assert form.is_valid()
            found.append(Findings.of(form))

    counts = [numbers.numbers.sessions for numbers in found]
    assert counts == [numbers.course.of("sessions")[0].total for numbers in found]
    assert counts == [sum(row.sessions for row in numbers.clients) for numbers in found]
    assert days > 1 or counts == [1, 3]
