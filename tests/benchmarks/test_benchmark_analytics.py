"""`manage.py benchmark_analytics`: what it fills in is what the counting would have made of it."""

import pytest
from django.core.management import call_command

from analytics.models import Checkpoint, Fact, Tally
from analytics.services import catch_up
from benchmarks.management.commands import benchmark_analytics
from catalog.imports.importing import load_demo


def tallies():
    # Durations and times to answer are made up.
    found = Tally.objects.exclude(count=0).exclude(kind__in=["duration", "latency"])
    return sorted(found.values_list("everybody", "client", "kind", "grain", "start", "name", "count"))


def facts():
    return sorted(Fact.objects.values_list("session", "client", "keyed", "last_at", "filled", "stage", "cart"))


@pytest.mark.django_db
def test_the_numbers_that_are_filled_in_at_once_are_those_of_the_counting():
    load_demo()
    benchmark_analytics.fill_sessions(300)
    benchmark_analytics.fill_tallies()
    at_once, known = tallies(), facts()
    for model in (Tally, Fact, Checkpoint):
        model.objects.all().delete()

    catch_up()

    assert tallies() == at_once
    assert facts() == known


@pytest.mark.slow
@pytest.mark.django_db
def test_every_page_is_timed(capsys):
    load_demo()
    benchmark_analytics.fill_sessions(20)
    benchmark_analytics.fill_tallies()

    call_command("benchmark_analytics", "--keep", "--rounds", "1")

    told = capsys.readouterr().out
    assert all(address in told for address in benchmark_analytics.ADDRESSES)
    assert "a step of the counting, 400 calls" in told
