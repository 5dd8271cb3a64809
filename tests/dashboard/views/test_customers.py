import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from accounts.models import Person, Scope
from accounts.services import create_key
from carts.models import Cart, Session
from orders.models import Order
from tests.api import Script
from tests.carts.shop import honey, make_product, store
from tests.orders.ordering import details, fill, order, pickup

__all__ = ["details", "fill", "honey", "make_product", "order", "pickup", "store"]


def make_person(email, **fields):
    return Person.objects.create(user=User.objects.create_user(email, email), **fields)


@pytest.fixture
def owner(admin_client):
    return admin_client


@pytest.fixture
def dana(db):
    return make_person("dana@example.com", name="Dana Levi")


@pytest.fixture
def ordered(dana, fill, order, honey):
    """An order of Dana's, in a chat that is hers."""
    found = order(fill())
    Session.objects.update(person=dana, sees_person=True, linked_at=timezone.now())
    Order.objects.update(person=dana)
    return found


@pytest.mark.parametrize("count", [1, 8])
def test_the_list_costs_the_same_for_many(owner, dana, ordered, django_assert_num_queries, count):
    for n in range(count - 1):
        make_person(f"n{n}@example.com")

    with django_assert_num_queries(6):  # session, user, open signs, people, chats, orders
        page = owner.get("/dashboard/customers/").text

    assert page.count("@example.com") >= count
    assert "Dana Levi" in page


def test_a_customer_is_found_by_name_or_the_beginning_of_the_address(owner, dana):
    make_person("ruth@example.com", name="Ruth Cohen")

    for search in ("levi", "dana@"):
        page = owner.get("/dashboard/customers/", {"search": search}).text
        assert "dana@example.com" in page
        assert "ruth@example.com" not in page
    assert "No customer fits" in owner.get("/dashboard/customers/", {"search": "nobody"}).text


def test_one_customer_has_chats_orders_and_what_happened(owner, dana, ordered):
    page = owner.get(f"/dashboard/customers/{dana.public_id}/").text

    assert ordered.shown_number in page
    assert Session.objects.get().public_id in page
    assert "Signed in for the first time" in page


def test_orders_that_were_cancelled_and_tests_do_not_count(owner, dana, ordered):
    Order.objects.update(is_test=True)

    assert owner.get("/dashboard/customers/").context["rows"][0].orders == 0


def test_a_session_names_its_customer_and_can_be_unlinked(owner, dana, ordered):
    session = Session.objects.get()
    assert "Dana Levi" in owner.get(f"/dashboard/sessions/{session.public_id}/").text

    owner.post(f"/dashboard/sessions/{session.public_id}/unlink/")

    session.refresh_from_db()
    assert (session.person, session.sees_person) == (None, False)
    assert "anonymous" in owner.get(f"/dashboard/sessions/{session.public_id}/").text


def test_staff_without_the_permission_see_nobody(client, dana, ordered):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(content_type__app_label="carts", codename="change_session"))
    client.force_login(clerk)
    session = Session.objects.get()

    assert client.get("/dashboard/customers/").status_code == 403
    assert client.get(f"/dashboard/customers/{dana.public_id}/").status_code == 403
    assert client.post(f"/dashboard/sessions/{session.public_id}/unlink/").status_code == 403
    page = client.get(f"/dashboard/sessions/{session.public_id}/").text
    assert "Dana" not in page
    assert "dana@" not in page
    assert Session.objects.filter(person=dana).exists()


def test_no_such_customer(owner, db):
    assert owner.get("/dashboard/customers/p_nobody/").status_code == 404


def test_the_api_tells_customers_to_keys_for_people_alone(client, dana, ordered):
    for scopes in ([Scope.READ], [Scope.ORDERS], [Scope.READ, Scope.ORDERS]):
        assert "dana" not in str(Script(client, create_key("erp", scopes=scopes)[1]).get("customers", 403))
    told = Script(client, create_key("crm", scopes=[Scope.PEOPLE])[1]).get("customers")

    (found,) = told["customers"]
    assert (found["email"], found["chats"], found["orders"]) == ("dana@example.com", 1, 1)
    assert found["value"] == {"ILS": f"{ordered.total:.2f}"}
    assert Cart.objects.count() == 1
