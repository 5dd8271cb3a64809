"""What a shop holds for its pages to show, as scripts for `manage.py shell`."""

# One that is paid on delivery, one that awaits its payment, and one of which money went back, or did not.
ORDERS = """
from decimal import Decimal
from django.contrib.auth.models import User
from django.utils import timezone
from accounts.models import Person
from carts.models import Cart
from carts.services.linking import keep
from orders.models import Order, Refund
from orders.payments.provider import Paid, Told
from orders.services.blocking import block
from orders.services.online import settle, start_payment
from orders.services.refunds import refund
from orders.services.states import Who
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id
from offers.models import DeliveryOption
from orders.services.details import Details
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote
def order(client, **more):
    cart = Cart.objects.filter(session__client=client).get()
    option = DeliveryOption.objects.filter(store=cart.store, kind="pickup").first()
    state = load_cart(find_by_public_id(cart.session.public_id), timezone.now())
    details = Details(phone="050-2345678", delivery=option.pk, note="Ring twice", **more)
    seen = Seen(state.version, quote(state, cart.store, option).sums.total)
    return place_order(cart.public_id, details, key="k", seen=seen, network="").order
order("waiting-robot", name="Avi Waiting", payment="dummy")
paid = order("refund-robot", name="Rona Refund", payment="dummy")
start_payment(paid.number)
row = paid.online_payments.get()
settle(row, Told(row.session, Paid.PAID, "", row.amount + 5, row.currency, row.session))
owner = Who(Order.Actor.OWNER, "owner")
refund(paid.number, owner, Decimal(5), "Too much", payment=row.pk)
for state in ("pending", "failed"):
    fault = "expired_or_canceled_card" if state == "failed" else ""
    Refund.objects.create(order=paid, payment=row, amount=1, currency="ILS", state=state, fault=fault)
ordered = order("order-robot", name="Dana <b>Levi</b>")
user = User.objects.create_user("shopper", "dana.levi.of.haifa@customers.example.com")
ordered.person = Person.objects.create(user=user, name="Dana <b>Levi</b>")
ordered.save()
keep(ordered.session.public_id, ordered.person)
block(paid.store, "spam@example.com", "Ordered <b>often</b>, paid never", by="owner")
"""

# All ways to pay, a code for pay on delivery, reminders; orders that wait for their payment, are owed and are paid by a
# bank transfer; a store with a checkout of its own that takes a part of a cart. Prints addresses by their names.
PAYMENTS = """
from datetime import timedelta
from django.utils import timezone
from carts.models import Cart
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id
from catalog.models import Store
from offers.models import DeliveryOption, Merchant
from orders.links import link_of
from orders.models import CartReminder, OnlinePayment
from orders.payments.provider import Paid, Told
from orders.services.details import Details
from orders.services.online import settle, start_payment
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote
from orders.services.reminders import address_of_end, ask
from orders.services.states import SHOPPER, cancel
store = Store.objects.get(slug="demo")
store.pay_instructions = "העברה בנקאית לחשבון 12-345-678901 <b>בנק</b>\\nBit: 050-2345678"
store.save()
Merchant.objects.filter(store=store).update(
    pay_link="https://pay.example.com/p?sum={sum}&order={number}", pay_address="https://bit.example.com/shop",
    confirm_by_code=True, remind_after=24)
own = Store.objects.get(slug="own")
Merchant.objects.create(store=own, own_checkout="opencart", own_checkout_address="https://shop.example.com")
pickup = DeliveryOption.objects.filter(store=store, kind="pickup").get()
def state_of(client):
    cart = Cart.objects.get(session__client=client)
    return cart, load_cart(find_by_public_id(cart.session.public_id), timezone.now())
def order(client, payment):
    cart, state = state_of(client)
    buyer = {"name": "דנה לוי", "phone": "050-2345678", "email": "dana@example.com"}
    details = Details(**buyer, delivery=pickup.pk, payment=payment)
    seen = Seen(state.version, quote(state, store, pickup).sums.total)
    return place_order(cart.public_id, details, key="k", seen=seen, network="").order
def tell(name, order):
    print(f"{name}={link_of(order.number, full=True)}")
def paid(order, part=1):
    start_payment(order.number)
    row = order.online_payments.get()
    settle(row, Told(row.session, Paid.PAID, "", row.amount / part, row.currency, row.session))
waiting = order("waiting", "dummy")
tell("waiting", waiting)
print(f"dummy={start_payment(waiting.number)}")
part = order("part", "dummy")
paid(part, 2)
tell("part", part)
owed = order("owed", "dummy")
start_payment(owed.number)
cancel(owed.number, SHOPPER, "")
paid_late = owed.online_payments.get()
print(f"late={paid_late.address}")
settle(paid_late, Told(paid_late.session, Paid.PAID, "", paid_late.amount, paid_late.currency, paid_late.session))
tell("owed", owed)
over = order("over", "dummy")
print(f"over={start_payment(over.number)}")
settle(over.online_payments.get(), Told(over.online_payments.get().session, Paid.EXPIRED))
tell("transfer", order("transfer", "instructions"))
tell("link", order("link", "link"))
ask(state_of("left")[1], "dana@example.com", agreed=True, language="he")
print(f"reminder={address_of_end(CartReminder.objects.get())}")
"""

# The products of stores beside the demo, the code that was mailed to a shopper, and a link to sign in.
BEGINNING = """
from django.conf import settings
from django.core.management import call_command
from outbox.models import Message
from shopmcp.sign_in import link_for, staff_user
for slug in ("shop", "own"):
    call_command("import_products", str(settings.DATA_DIR / f"{slug}.csv"), store=slug, currency="ILS")
print("code=" + Message.objects.get(kind="account.login-code").payload["text"].replace("\\n", " "))
print("sign_in_link=" + link_for(staff_user(), settings.PUBLIC_URL))
"""

# What the owner made: a webhook, coupons, a key, warnings of each kind, and imports in each state.
OWNERS_WORK = """
from time import sleep
from datetime import timedelta
from django.utils import timezone
from accounts.services import create_key
from carts.models import Cart, Session, SessionWarning
from catalog.imports import jobs
from catalog.models import ImportJob, Product, Store
from offers.models import Coupon, DeliveryOption, Merchant
from offers.services.coupons import save_coupon
from orders.models import Order
from outbox.models import Message
from outbox.services import enqueue
from catalog.services.synonyms import add_synonym
from django.conf import settings
from django.contrib.auth.models import User
from outbox.services.endpoints import make_endpoint
from shopmcp.sign_in import link_for
demo = Store.objects.get(slug="demo")
def make_user(name):
    return User.objects.create_user(name, is_staff=True, is_superuser=True)
def tell(name, value):
    print(f"{name}={value}")
tell("webhook", make_endpoint("https://erp.example.com/hooks/secret", ["order.placed"], name="קופה").public_id)
tell("coupon", save_coupon(Coupon(store=demo, code="WELCOME", value="10", products="demo:OI-801")).pk)
create_key("דוח מלאי")
tell("option", DeliveryOption.objects.filter(store=demo).first().pk)
now = timezone.now()
for kind in SessionWarning.Kind.values:
    told = {"meta_keys": ["openai/session", "robot/chatId"], "keys": ["openai/session"], "calls": 3}
    for client in ("openai-mcp", "house-robot"):
        SessionWarning.objects.update_or_create(
            kind=kind, client=client, defaults={**told, "first_at": now - timedelta(days=2), "last_at": now})
tell("synonyms", add_synonym("זהב", "honey").pk)
enqueue("alarm.test", "owner@example.com", {"subject": "בדיקה", "text": "t"})
Message.objects.filter(kind="alarm.test").update(failed_at=now, last_error="Connection refused", tries=9)
tell("product", Product.objects.get(public_id="demo:OI-801").identity_id)
tell("sign_in_link", link_for(make_user("visitor"), settings.PUBLIC_URL))
tell("session", Cart.objects.filter(session__client="openai-mcp").order_by("-item_count")[0].session.public_id)
tell("unkeyed", Session.objects.filter(source="cart_id").first().public_id)
def order_of(name):
    return Order.objects.get(name__startswith=name).number
tell("ordered", order_of("Dana <b>"))
tell("awaiting", order_of("Avi"))
tell("refunded", order_of("Rona"))
tell("customer", Order.objects.get(name__startswith="Dana <b>").person.public_id)
from django.utils import translation
translation.activate("he")  # an import tells in the language of whoever began it
def begun(name, text):
    return jobs.begin_with_file("bakery", f"{name}.csv", [text.encode()], currency="ILS")
def read(job, name=""):
    job.refresh_from_db()
    while job.is_under_way:
        sleep(0.05)
        job.refresh_from_db()
    tell(name or job.source.removesuffix(".csv"), job.pk)
GOOD = "sku,name,price,Regal\\na,אורז,20,3\\nb,לחם,10,4\\n,בלי,3,1\\n"
done = begun("done", GOOD)
read(done)
jobs.start(done)
read(done)
read(begun("ready", GOOD.replace("20", "22").replace("אורז", "אורז מלא").replace("b,לחם,10,4\\n", "c,חלה,a lot,3\\n")))
read(begun("odd", "Nr,Was,Kostet\\n1,Brot,12.90\\n"))
read(jobs.begin_with_address("bakery", "https://127.0.0.1:9/goods.csv", currency="ILS"), "away")
translation.activate("en")
Merchant.objects.create(store=Store.objects.get(slug="bakery"), legal_name="מאפייה", pages_confirmed_at=now)
Store.objects.filter(slug="bakery").update(paused="חוזרים ביום ראשון")
"""

# A shopper's chats, carts, addresses and orders, and what waits for another to be linked.
SHOPPERS_THINGS = """
from accounts.models import Person
from carts.models import Session
from carts.services.linking import keep
from orders.models import Order
from orders.services.accounts import add_address
dana = Person.objects.get(user__email="dana@example.com")
add_address(dana, street="Herzl 1", street_more="", city="Haifa", postal_code="3303142")
for client in ("left", "house-robot", "transfer", "link", "waiting"):
    keep(Session.objects.filter(client=client).order_by("id")[0].public_id, dana)
Order.objects.filter(session__person=dana).update(person=dana)
"""
