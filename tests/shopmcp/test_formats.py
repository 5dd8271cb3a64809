"""Dates and times as pages and mails write them."""

from datetime import UTC, datetime

import pytest
from django.utils import translation
from django.utils.formats import date_format

AFTERNOON = datetime(2026, 11, 28, 15, tzinfo=UTC)


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("kind", ["TIME_FORMAT", "DATETIME_FORMAT", "SHORT_DATETIME_FORMAT"])
def test_a_time_ends_in_no_full_stop_so_that_a_sentence_may_end_with_it(language, kind):
    with translation.override(language):
        written = date_format(AFTERNOON, kind)

    assert "15:00" in written
    assert not written.endswith(".")
