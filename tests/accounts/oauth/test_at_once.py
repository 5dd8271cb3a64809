"""The same code or refresh token from several places at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from oauth2_provider.models import AccessToken

from accounts.oauth.tokens import holder_of
from tests.accounts.oauth.asking import App
from tests.my.signing_in import signed_in


@pytest.fixture
def apps(shared_database, settings):
    """Two apps, each with a shopper's browser."""
    settings.MAIL_IS_SET = True
    browser = Client()
    signed_in(browser, "dana@example.com")
    return App(), browser


def at_once(work, times=6):
    def one(_):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_code_gives_tokens_once_and_the_others_end_them(apps):
    app, browser = apps
    code = app.code(browser)

    statuses = sorted(answer.status_code for answer in at_once(lambda: app.token(code)))

    assert statuses == [200, 400, 400, 400, 400, 400]
    assert not AccessToken.objects.exists()


def test_a_refresh_token_is_used_once_and_the_others_end_its_family(apps):
    app, browser = apps
    given = app.signs_in(browser)

    answers = at_once(lambda: app.refresh(given["refresh_token"]))

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]
    assert all(answer.json().get("access_token", "x") for answer in answers)
    assert not AccessToken.objects.exists()
    assert holder_of(given["access_token"]) is None
