"""`manage.py forget_person`."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import Person
from carts.models import Session
from offers.buyers import Buyer
from offers.models import Coupon, CouponUse
from offers.services.coupons import save_coupon, take_use
from orders.models import CartReminder, ForgottenContact, Order, OrderEvent, PaymentReport
from orders.services.forgetting import forget_again, forget_old
from orders.services.payments import Reported, receive_payment
from orders.services.states import advance, cancel, note_payment, note_refund
from outbox.models import Endpoint, Message
from outbox.services import enqueue_mail
from tests.orders.commands.people import OWNER, rows, typed


def messages():
    return list(Message.objects.order_by("pk").values_list("kind", "destination"))


def holds(text):
    """Whether any order or message still holds the text."""
    found = [*Order.objects.values(), *OrderEvent.objects.values(), *Message.objects.values()]
    return text in repr([*found, *Session.objects.values_list("news")])


def test_an_order_that_is_over_keeps_number_lines_and_sums_without_its_buyer(buy, manage, to_haifa):
    gone = buy(**{name: getattr(to_haifa, name) for name in ("delivery", "street", "city")}, note="Ring twice")
    lines = list(gone.lines.values())

    said = manage("forget_person", "--email", "dana@example.com")

    assert (
        said == "Forgotten in 1 orders, which keep their numbers; messages: 1, coupons: 0, reminders: 0, accounts: 0.\n"
    )
    assert typed(gone) == ""
    assert (gone.total, gone.number, gone.state) == (gone.first_total, gone.number, "completed")
    assert list(gone.lines.values()) == lines
    assert not gone.has_people
    for text in ("Dana", "Herzl", "2345678", "Ring"):
        assert not holds(text)


@pytest.mark.parametrize("email", ["dana@example.com", " DANA@Example.com ", "Dana+shop@example.com"])
def test_a_mailbox_is_found_however_it_is_written(buy, manage, email):
    one, other = buy(email="Dana+news@Example.com"), buy(email="dan@example.com")

    manage("forget_person", "--email", email)

    assert typed(one) == ""
    assert "dan@example.com" in typed(other)


@pytest.mark.parametrize("phone", ["0502345678", "+972 50-234-5678", "(050) 2345678"])
def test_a_phone_is_found_with_a_country_code_and_without(buy, manage, phone):
    one, other = buy(phone="050-2345678"), buy(phone="052-2345678")
    longer = buy(phone="+49 171 02345678")

    manage("forget_person", "--phone", phone)

    assert typed(one) == ""
    assert typed(other)
    assert typed(longer)


def test_an_order_on_its_way_is_named_and_forgotten_by_the_clean_up_when_it_is_over(buy, manage):
    gone, left = buy(), buy(done=False)

    said = manage("forget_person", "--email", "dana@example.com")

    assert f"when they are done: {left.shown_number}." in said
    assert typed(gone) == ""
    assert "dana@example.com" in typed(left)
    assert forget_old() == 0
    assert messages()
    advance(left.number, Order.State.COMPLETED, OWNER)
    assert forget_old(dry_run=True) == 1
    assert "dana@example.com" in typed(left)
    assert forget_old() == 1
    assert typed(left) == ""
    assert not messages()


def test_an_order_whose_money_is_to_be_paid_back_is_left_until_it_was(buy, manage):
    left = buy(done=False)
    note_payment(left.number, OWNER, left.total)
    cancel(left.number, OWNER, "Dana asked for it")

    assert left.shown_number in manage("forget_person", "--email", "dana@example.com")

    assert "Dana" in typed(left)
    note_refund(left.number, OWNER, left.total, "to Dana's account")
    assert forget_old() == 1
    assert typed(left) == ""
    assert not holds("Dana")
    refund = OrderEvent.objects.get(kind="refunded")
    assert refund.text == f"{left.total:.2f} ILS"


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(buy, manage, forgotten_file):
    buy()
    left = buy(done=False)
    before = rows(), messages()

    said = manage("forget_person", "--email", "dana@example.com", "--dry-run")

    assert said.startswith(
        "Dry run, nothing was changed. To forget in 1 orders, which keep their numbers; messages: 1,"
    )
    assert left.shown_number in said
    assert (rows(), messages()) == before
    assert not ForgottenContact.objects.exists()
    assert not forgotten_file.exists()
    assert said.count("\n") == 1


def test_mails_and_webhooks_of_the_person_go_and_those_of_others_stay(buy, manage, store):
    store.orders_email = "owner@example.com"
    store.save()
    Endpoint.objects.create(address="https://x.example/", event_types=["order.placed"], with_people=True, secret="s")
    buy()
    buy(email="other@example.com", name="Omer", phone="")
    enqueue_mail("cart.left", "dana@example.com", subject="Your cart", text="It is still here.")

    manage("forget_person", "--email", "dana@example.com")

    assert sorted(messages()) == [
        ("order.placed", ""),
        ("order.placed", "other@example.com"),
        ("order.placed", "owner@example.com"),
    ]
    assert not holds("Dana")


def test_mail_to_the_shop_about_others_is_kept_when_its_owner_bought_too(buy, manage, store):
    store.orders_email = "owner@example.com"
    store.save()
    buy()
    mine = buy(email="owner@example.com", phone="")

    manage("forget_person", "--email", "owner@example.com")

    assert typed(mine) == ""
    assert sorted(to for _kind, to in messages()) == ["Dana@Example.com", "owner@example.com"]


def test_uses_of_coupons_are_kept_without_who_used_them(buy, manage, store):
    coupon = save_coupon(Coupon(store=store, code="TEN", kind="percent", value=Decimal(10)))
    order = buy()
    order.coupon_use = take_use(coupon, Buyer("dana@example.com", "050-2345678"))
    order.save()
    take_use(coupon, Buyer("other@example.com"))

    assert "coupons: 1, reminders: 0, accounts: 0." in manage("forget_person", "--email", "dana@example.com")

    uses = CouponUse.objects.order_by("pk").values_list("email_key", "phone_key")
    assert list(uses) == [("", ""), (Buyer("other@example.com").email_key, "")]
    coupon.refresh_from_db()
    assert coupon.used == 2


def test_nobody_is_said_and_nothing_changes(buy, manage):
    buy()
    before = rows(), messages()

    assert manage("forget_person", "--email", "nobody@example.com") == "Nothing is kept about this person.\n"

    assert (rows(), messages()) == before
    assert not ForgottenContact.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--email", "dana"], "This is no e-mail address."),
        (["--phone", "12"], "This is no phone number."),
        (["--email", " "], "Give an e-mail address or a phone number."),
        ([], "one of the arguments --email --phone is required"),
        (["--email", "dana@example.com", "--phone", "0502345678"], "not allowed with"),
    ],
)
def test_what_names_nobody_is_refused_and_changes_nothing(buy, manage, arguments, words):
    buy()
    before = rows(), messages()

    with pytest.raises(CommandError, match=words):
        manage("forget_person", *arguments)

    assert (rows(), messages()) == before


def test_a_file_that_cannot_be_written_is_told_and_changes_nothing(buy, manage, settings, tmp_path):
    buy()
    settings.FORGOTTEN_FILE = tmp_path / "no" / "folder"
    before = rows(), messages()

    with pytest.raises(CommandError, match="cannot be used: No such file"):
        manage("forget_person", "--email", "dana@example.com")

    assert (rows(), messages()) == before
    assert not ForgottenContact.objects.exists()


@pytest.mark.parametrize("kept_in", ["table", "file"])
def test_orders_of_a_restored_backup_are_forgotten_again_but_later_ones_are_not(buy, manage, forgotten_file, kept_in):
    gone, other = buy(), buy(email="other@example.com", phone="")
    before = Order.objects.filter(pk=gone.pk).values().get()
    manage("forget_person", "--email", "dana@example.com")
    Order.objects.filter(pk=gone.pk).update(**before)
    later = buy()
    if kept_in == "table":
        forgotten_file.unlink()
    else:
        ForgottenContact.objects.all().delete()

    assert forget_again() == 1

    assert typed(gone) == ""
    assert "Dana" in typed(later)
    assert "other@example.com" in typed(other)
    assert ForgottenContact.objects.count() == 1
    assert "dana" not in forgotten_file.read_text().casefold()
    assert forgotten_file.stat().st_mode & 0o077 == 0


def test_a_person_is_forgotten_again_after_a_change_of_the_key(buy, manage, settings):
    gone = buy()
    before = Order.objects.filter(pk=gone.pk).values().get()
    manage("forget_person", "--phone", "0502345678")
    Order.objects.filter(pk=gone.pk).update(**before)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]

    assert forget_again() == 1

    assert typed(gone) == ""


def test_a_shop_without_forgotten_people_forgets_nobody_after_a_restore(buy, forgotten_file):
    buy()
    before = rows()

    assert forget_again() == 0

    assert rows() == before
    assert not forgotten_file.exists()


def test_the_clean_up_forgets_the_buyers_of_orders_over_for_so_long(buy, settings):
    settings.SHOPMCP_KEEP_BUYERS = timedelta(days=100)
    old, still_open, recent = buy(), buy(done=False), buy()
    then = timezone.now() - timedelta(days=101)
    Order.objects.filter(pk__in=[old.pk, still_open.pk]).update(placed_at=then, changed_at=then)
    Order.objects.filter(pk=recent.pk).update(placed_at=then)

    assert forget_old(dry_run=True) == 1
    assert typed(old)
    assert forget_old() == 1

    assert typed(old) == ""
    assert typed(still_open)
    assert typed(recent)
    assert forget_old() == 0


def test_what_a_provider_calls_a_payment_is_forgotten_and_its_amount_is_not(buy, manage):
    gone = buy()
    receive_payment(gone.store, Reported(gone.number, gone.total, gone.currency, "tx-of-dana"))

    manage("forget_person", "--email", "dana@example.com")

    report = PaymentReport.objects.get()
    assert (report.amount, report.outcome) == (gone.total, "counted")
    assert "tx-of-dana" not in report.reference
    assert not holds("tx-of-dana")


def test_wishes_to_be_reminded_are_told_and_forgotten(fill, honey, manage):
    cart = fill(honey=1)
    CartReminder.objects.create(
        public_id="r_1",
        cart=cart,
        email="dana@example.com",
        email_key=Buyer("dana@example.com").email_key,
        language="en",
    )

    told = json.loads(manage("export_person", "--email", "Dana@example.com"))["reminders"]
    assert [reminder["to"] for reminder in told] == ["dana@example.com"]
    manage("forget_person", "--email", "dana@example.com", "--dry-run")
    assert CartReminder.objects.exists()
    assert "reminders: 1" in manage("forget_person", "--email", "dana@example.com")
    assert not CartReminder.objects.exists()


def test_an_account_goes_with_its_person(buy, manage):
    user = User.objects.create_user("shopper-1", "dana+shop@example.com")
    Person.objects.create(user=user, phone="050-7777777")
    other = Person.objects.create(user=User.objects.create_user("shopper-2", "dan@example.com"))
    mine = buy(email="elsewhere@example.com", phone="")
    Order.objects.update(person=user.person)

    assert "accounts: 1" in manage("forget_person", "--email", "dana@example.com", "--dry-run")
    assert Person.objects.count() == 2
    assert "accounts: 1" in manage("forget_person", "--phone", "0507777777")

    assert Person.objects.get() == other
    assert typed(mine) == ""
