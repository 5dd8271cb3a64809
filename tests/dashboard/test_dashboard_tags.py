from datetime import timedelta
from decimal import Decimal

import pytest
from django.template import defaultfilters
from django.utils import timezone, translation

from dashboard.templatetags.dashboard import ago, capped, duration, in_currency, percent, register, technical


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 s"), (59, "59 s"), (90, "2 min"), (3700, "1 h 1 min"), (90_000, "1 day"), (200_000, "2 days")],
)
def test_a_length_of_time_has_its_largest_units(seconds, text):
    assert duration(seconds) == text
    assert duration(None if seconds is None else timedelta(seconds=seconds)) == text


def test_a_moment_tells_how_long_ago_and_exactly_when():
    now = timezone.now()

    assert ">just now</time>" in ago(now)
    assert ">5 min ago</time>" in ago(now - timedelta(minutes=5))
    assert f'datetime="{timezone.localtime(now).isoformat(timespec="seconds")}"' in ago(now)
    assert "ago" not in ago(now - timedelta(days=3))
    assert ago(None) == "–"


def test_an_amount_is_written_as_the_reader_writes_it_and_set_apart():
    with translation.override("he"):
        assert in_currency(Decimal("9.9"), "ILS") == "<bdi>9.90 ₪</bdi>"
    with translation.override("en"):
        assert in_currency(Decimal("9.9"), "ILS") == "<bdi>₪9.90</bdi>"
    assert in_currency(None, "ILS") == in_currency(Decimal(1), "") == "–"


def test_a_capped_count_says_that_there_are_more():
    assert (capped(7), capped(9_999), capped(10_000)) == ("7", "9,999", "10,000+")


@pytest.mark.parametrize(("share", "text"), [(None, "–"), (0, "0%"), (1, "100%"), (0.125, "12.5%")])
def test_a_share_is_a_percentage(share, text):
    assert percent(share) == text


def test_technical_names_are_set_apart_and_everything_is_escaped():
    assert technical("set SHOPMCP_KEEP_CARTS=90d <b>") == 'set <bdi class="id">SHOPMCP_KEEP_CARTS=90d</bdi> &lt;b&gt;'
    assert technical("in _meta.") == 'in <bdi class="id">_meta</bdi>.'
    command = "docker compose exec shop python manage.py cleanup_sessions"
    assert technical(f"Run: {command}") == f'Run: <bdi class="id">{command}</bdi>'
    assert technical("such as openai/session.") == 'such as <bdi class="id">openai/session</bdi>.'
    assert technical("add: --tool-metadata a=b") == 'add: <bdi class="id">--tool-metadata a=b</bdi>'


def test_no_filter_takes_the_name_of_one_of_djangos():
    assert not register.filters.keys() & defaultfilters.register.filters.keys()
