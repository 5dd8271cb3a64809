import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from accounts.services.people import sign_out_everywhere, sweep_unverified, user_for
from outbox.models import Message
from tests.my.signing_in import EMAIL, ask, code_to, mails_to, signed_in, someone_is_signed_in

SAVEPOINTS = re.compile("SAVEPOINT|RELEASE|ROLLBACK")


def test_a_mailed_code_makes_an_account_and_signs_in(client, mail):
    answer = ask(client, EMAIL)

    assert (answer.status_code, answer["Location"]) == (302, "/my/sign-in/code/")
    assert not Person.objects.exists()
    answer = client.post("/my/sign-in/code/", {"code": code_to(EMAIL)})
    assert (answer.status_code, answer["Location"]) == (302, "/my/")
    person = Person.objects.get()
    assert (person.email, person.user.is_staff, person.user.has_usable_password()) == (EMAIL, False, False)
    assert EMAIL in client.get("/my/").text


def test_the_same_address_in_other_letters_opens_the_same_account(client, mail):
    first = signed_in(client, EMAIL)

    ask(other := Client(), "DANA@Example.COM")
    other.post("/my/sign-in/code/", {"code": code_to(EMAIL).lower().replace("-", "")})

    assert someone_is_signed_in(other)
    assert Person.objects.get() == first


def test_without_mail_the_page_says_that_accounts_need_it(client, db):
    page = client.get("/my/sign-in/")

    assert page.status_code == 200
    assert "Accounts need mail" in page.text
    ask(client, EMAIL)
    assert not User.objects.exists()
    assert not Message.objects.exists()


def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(client, mail):
    answer = client.get("/my/?a=b")

    assert (answer.status_code, answer["Location"]) == (303, "/my/sign-in/?next=%2Fmy%2F%3Fa%3Db")
    answer = client.post(answer["Location"], {"email": EMAIL, "next": "/my/?a=b"})
    answer = client.post(answer["Location"], {"code": code_to(EMAIL), "next": "/my/?a=b"})
    assert answer["Location"] == "/my/?a=b"


@pytest.mark.parametrize(
    "where", ["https://evil.example/my/", "//evil.example/my/", "/\\evil.example", "/admin/", "/my/\n"]
)
def test_signing_in_leads_to_no_other_place(client, mail, where):
    ask(client, EMAIL)
    answer = client.post("/my/sign-in/code/", {"code": code_to(EMAIL), "next": where})

    assert answer["Location"] == "/my/"
    assert client.get("/my/sign-in/", {"next": where})["Location"] == "/my/"


def test_known_unknown_and_staff_addresses_get_the_same_answer_and_each_a_mail(client, mail):
    signed_in(Client(), EMAIL)
    promoted = signed_in(Client(), "owner@example.com").user
    promoted.is_staff = True
    promoted.save()

    answers = {email: ask(Client(), email) for email in (EMAIL, "new@example.com", "owner@example.com")}

    assert {(answer.status_code, answer["Location"], answer.content) for answer in answers.values()} == {
        (302, "/my/sign-in/code/", b"")
    }
    assert [len(mails_to(email)) for email in answers] == [2, 1, 2]
    assert "no code was made" in mails_to("owner@example.com")[-1].payload["text"]


def test_known_unknown_and_staff_addresses_cost_the_same_work(client, mail):
    signed_in(Client(), EMAIL)
    promoted = signed_in(Client(), "owner@example.com").user
    promoted.is_staff = True
    promoted.save()
    users = set(User.objects.values_list("username", flat=True))
    work = {}

    for email in ("new@example.com", EMAIL, "owner@example.com"):
        with CaptureQueriesContext(connection) as asked:
            ask(Client(), email)
        statements = [query["sql"].split('"')[:2] for query in asked if not SAVEPOINTS.match(query["sql"])]
        work[email] = [(words[0].split()[0], words[1]) for words in statements]

    assert work[EMAIL] == work["new@example.com"] == work["owner@example.com"]
    assert ("INSERT", "auth_user") in work[EMAIL]
    assert len(set(User.objects.values_list("username", flat=True)) - users) == 1
    assert EmailAddress.objects.count() == 3


def test_a_code_works_in_the_browser_that_asked_for_it_alone(client, mail):
    ask(client, EMAIL)
    other = Client()
    ask(other, "ruth@example.com")

    other.post("/my/sign-in/code/", {"code": code_to(EMAIL)})
    Client().post("/my/sign-in/code/", {"code": code_to(EMAIL)})

    assert not Person.objects.exists()


def test_a_code_works_once(client, mail):
    ask(client, EMAIL)
    code = code_to(EMAIL)
    client.post("/my/sign-in/code/", {"code": code})
    client.post("/my/sign-out/")

    client.post("/my/sign-in/code/", {"code": code})

    assert not someone_is_signed_in(client)


def test_a_code_is_good_for_ten_minutes(client, mail, monkeypatch):
    ask(client, EMAIL)
    now = timezone.now().timestamp() + 601
    monkeypatch.setattr("time.time", lambda: now)

    client.post("/my/sign-in/code/", {"code": code_to(EMAIL)})

    assert not Person.objects.exists()


def test_the_fifth_wrong_code_ends_it(client, mail):
    ask(client, EMAIL)
    pages = [client.post("/my/sign-in/code/", {"code": "WRONG"}) for _ in range(5)]

    assert [page.status_code for page in pages] == [200] * 4 + [302]
    assert "This is not the code" in pages[0].text
    client.post("/my/sign-in/code/", {"code": code_to(EMAIL)})
    assert not Person.objects.exists()
    assert "Too many wrong codes" in client.get("/my/sign-in/").text


@pytest.mark.usefixtures("shared_database")
def test_tries_at_once_are_five_together_too(client, settings):
    settings.MAIL_IS_SET = True
    ask(client, EMAIL)

    def guess(_):
        browser = Client()
        browser.cookies = client.cookies
        page = browser.post("/my/sign-in/code/", {"code": "WRONG"})
        connections.close_all()
        return page

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(guess, range(16)))

    assert sum("This is not the code" in page.text for page in pages) <= 5


def test_codes_to_one_address_are_few(client, mail):
    answers = [ask(Client(), EMAIL).status_code for _ in range(6)]

    assert answers == [302] * 5 + [429]
    assert len(mails_to(EMAIL)) == 5


def test_a_stranger_who_asks_for_codes_does_not_keep_the_shopper_from_signing_in(client, mail):
    for near in range(6):  # networks of one site count as one
        ask(Client(), EMAIL, REMOTE_ADDR=f"2001:db8:0:{near}::1")
    assert ask(Client(), EMAIL, REMOTE_ADDR="2001:db8:0:9::1").status_code == 429

    signed_in(client, EMAIL)

    assert someone_is_signed_in(client)
    assert len(mails_to(EMAIL)) == 6


def test_codes_to_one_address_are_bounded_whoever_asks(client, mail):
    answers = [ask(Client(), EMAIL, REMOTE_ADDR=f"198.51.100.{n}").status_code for n in range(22)]

    assert answers == [302] * 20 + [429] * 2
    assert len(mails_to(EMAIL)) == 20


def test_codes_for_one_network_are_few_and_make_no_users(client, mail):
    answers = [ask(Client(), f"a{n}@example.com").status_code for n in range(22)]

    assert answers == [302] * 20 + [429] * 2
    assert User.objects.count() == 20


def test_another_code_can_be_had_and_the_first_then_opens_nothing(client, mail):
    ask(client, EMAIL)
    first = code_to(EMAIL)
    client.post("/my/sign-in/code/", {"action": "resend"})

    assert "This is not the code" in client.post("/my/sign-in/code/", {"code": first}).text
    client.post("/my/sign-in/code/", {"code": code_to(EMAIL)})
    assert someone_is_signed_in(client)


def test_signing_in_changes_the_id_of_the_session(client, mail):
    ask(client, EMAIL)
    before = client.cookies["shopper"].value

    client.post("/my/sign-in/code/", {"code": code_to(EMAIL)})

    assert client.cookies["shopper"].value != before
    planted = Client()
    planted.cookies["shopper"] = before
    assert not someone_is_signed_in(planted)


def test_forms_need_a_csrf_token(mail):
    browser = Client(enforce_csrf_checks=True)

    assert ask(browser, EMAIL).status_code == 403
    assert not Message.objects.exists()
    browser.get("/my/sign-in/")
    token = browser.cookies["shopper_csrf"].value
    assert browser.post("/my/sign-in/", {"email": EMAIL, "csrfmiddlewaretoken": token}).status_code == 302


def test_pages_cannot_be_framed_and_are_not_cached(client, dana):
    page = client.get("/my/")

    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"


def test_signing_out_everywhere_ends_all_sessions_at_once(client, dana):
    signed_in(other := Client(), EMAIL)

    client.post("/my/sign-out/everywhere/")

    assert not someone_is_signed_in(client)
    assert not someone_is_signed_in(other)


def test_a_deleted_user_is_signed_out_at_once(client, dana):
    dana.user.delete()

    assert not someone_is_signed_in(client)
    assert not Person.objects.exists()


def test_sign_out_needs_a_post(client, dana):
    assert client.get("/my/sign-out/").status_code == 405
    assert client.get("/my/sign-out/everywhere/").status_code == 405
    assert someone_is_signed_in(client)


def test_addresses_that_were_never_verified_are_swept_and_nobody_else(client, dana, admin_user):
    user_for("late@example.com")
    user_for("fresh@example.com")
    by_hand = User.objects.create_user("clerk", "clerk@example.com")
    User.objects.exclude(email="fresh@example.com").update(date_joined=timezone.now() - timedelta(days=2))

    assert sweep_unverified() == 1

    assert set(User.objects.values_list("email", flat=True)) == {
        EMAIL, admin_user.email, by_hand.email, "fresh@example.com",
    }  # fmt: skip
    assert not EmailAddress.objects.filter(email="late@example.com").exists()


def test_sign_out_everywhere_leaves_others_alone(client, dana, ruth):
    sign_out_everywhere(ruth)

    assert someone_is_signed_in(client)
    assert not someone_is_signed_in(ruth.browser)


def test_pages_speak_hebrew_from_right_to_left(client, mail):
    client.get("/my/sign-in/?lang=he")

    page = client.get("/my/sign-in/").text
    assert '<html lang="he" dir="rtl">' in page
    ask(client, EMAIL)
    assert "קוד" in mails_to(EMAIL)[0].payload["text"]
