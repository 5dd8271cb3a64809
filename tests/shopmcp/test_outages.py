"""Pages, the API and resources while the database is away."""

import logging
from contextlib import contextmanager

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from mcp.shared.exceptions import MCPError

from catalog.models import Store
from shopmcp.logs import LineFormatter
from shopmcp.sign_in import link_for, staff_user
from tests.catalog.test_resources import ask, completed, read

__all__ = ["ask", "completed", "read"]

pytestmark = pytest.mark.django_db
WORDS = "The shop cannot reach its records right now."


@contextmanager
def away(error=OperationalError):
    """Let every query fail for as long as the block runs."""

    def fail(execute, sql, *rest):
        raise error('connection to "db.internal" as "shop" failed:\n\tis it running?')

    with connection.execute_wrapper(fail):
        yield


@pytest.fixture
def owner(django_user_model):
    client = Client(raise_request_exception=False)
    client.force_login(django_user_model.objects.create_superuser("owner"))
    return client


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/",
        "/dashboard/sessions/",
        "/dashboard/warnings/",
        "/admin/",
        "/admin/login/",
        "/admin/carts/session/",
    ],
)
def test_every_page_is_503_with_words_and_without_a_query(owner, path, error):
    with away(error):
        page = owner.get(path)
        data = owner.get(path, headers={"Accept": "application/json"})

    assert (page.status_code, data.status_code) == (503, 503)
    assert WORDS in page.text
    assert data.json()["error"]["message"] == WORDS
    assert page["Retry-After"] == data["Retry-After"] == "5"
    assert "no-store" in page["Cache-Control"]
    assert "db.internal" not in page.text + data.text
    assert owner.get("/dashboard/").status_code == 200


def test_a_session_that_the_middleware_cannot_save_is_503_too(owner, settings):
    settings.SESSION_SAVE_EVERY_REQUEST = True

    def fail(execute, sql, *rest):
        if sql.startswith("UPDATE") and "django_session" in sql:
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        answer = owner.get("/dashboard/")

    assert answer.status_code == 503
    assert WORDS in answer.text


def test_a_sign_in_link_is_503_and_stays_good(owner):
    link = link_for(staff_user(), "http://127.0.0.1:8000")
    path, host = link.removeprefix("http://127.0.0.1:8000"), {"host": "127.0.0.1:8000"}
    visitor = Client(raise_request_exception=False)
    with away():
        shown, used = visitor.get(path, headers=host), visitor.post(path, headers=host)

    assert (shown.status_code, used.status_code) == (503, 503)
    assert visitor.post(path, headers=host)["Location"] == "/dashboard/"


def test_a_page_that_changes_something_says_that_it_may_have_been_done(owner):
    """It may need the database once more after its own change."""
    with away():
        looked, sent = owner.get("/dashboard/"), owner.post("/admin/catalog/store/add/", {"slug": "new"})

    assert looked.status_code == sent.status_code == 503
    assert "may have been done" in sent.text
    assert "Look before you try again." in sent.text
    assert "may have been done" not in looked.text


def test_the_words_are_hebrew_where_the_reader_s_are(owner):
    with away():
        page = owner.get("/dashboard/", headers={"Accept-Language": "he"})

    assert 'dir="rtl"' in page.text
    assert WORDS not in page.text


@pytest.mark.parametrize("path", ["/api/sessions", "/api/stores", "/api/health"])
def test_the_api_is_503_in_its_own_shape_for_keys_and_for_staff(owner, path):
    with away():
        staff = owner.get(path)
        script = Client().get(path, headers={"Authorization": "Bearer shopmcp_x"})

    for answer in (staff, script):
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "busy"
        assert answer["Retry-After"] == "5"


def test_a_refused_page_is_one_line_of_the_log_and_one_traceback_a_minute(owner, caplog):
    with away():
        for _ in range(5):
            owner.get("/dashboard/")

    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    formatter = LineFormatter("%(levelname)s %(name)s: %(message)s")
    written = [formatter.format(record) for record in records]
    assert len(written) == 5
    assert sum("Traceback" in text for text in written) == 1
    assert all("\n" not in text for text in written[1:])


def test_the_landing_page_needs_no_database():
    with away():
        assert Client().get("/").status_code == 200


def test_a_bug_stays_500(owner, break_stores):
    break_stores(RuntimeError("a secret detail"))

    assert owner.get("/admin/catalog/store/").status_code == 500


@pytest.mark.parametrize(
    "asked",
    [
        lambda ask, completed: ask("list_resources"),
        lambda ask, completed: ask("read_resource", "shop://stores"),
        lambda ask, completed: completed("shop://store/{slug}", "slug", "g"),
    ],
)
def test_resources_and_completion_say_that_the_database_is_away(ask, completed, caplog, asked):
    Store.objects.create(slug="grocer", name="Grocer", currency="ILS")
    with away(), pytest.raises(ExceptionGroup) as raised:
        asked(ask, completed)

    refusal = raised.value
    while isinstance(refusal, ExceptionGroup):
        (refusal,) = refusal.exceptions
    assert isinstance(refusal, MCPError)
    assert WORDS in str(refusal)
    assert "db.internal" in caplog.text
    assert "db.internal" not in str(refusal)
