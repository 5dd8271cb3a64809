"""The page of one product."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from catalog.services.products import hide_product, save_product

LIST = reverse("dashboard-products")


def page_of(product):
    return reverse("dashboard-product", args=[product.identity_id])


def hide_of(product):
    return reverse("dashboard-product-hide", args=[product.identity_id])


def sent(form, **changes):
    """What a browser sends: each field, what the page showed of it, and the changes."""
    values = dict[str, object]()
    for field in form:
        if field.name == "kept":
            continue
        shown = field.value()
        if shown is True:
            shown = "on"
        elif shown is None or shown is False:
            shown = ""
        values |= {field.name: shown, f"initial-{field.name}": shown}
    return {name: value for name, value in (values | changes).items() if value != ""}


def now(product):
    return Product.objects.select_related("identity").get(identity=product.identity_id)


def test_the_owner_edits_a_product_and_keeps_its_price(owner, honey):
    form = owner.get(page_of(honey)).context["form"]

    answer = owner.post(page_of(honey), sent(form, name="Honey of the house", price="21.50", kept=["price"]))

    assert answer.status_code == 302
    product = now(honey)
    assert (product.name, product.price) == ("Honey of the house", Decimal("21.50"))
    assert "price" in product.identity.kept and "name" not in product.identity.kept
    text = owner.get(page_of(honey)).text
    assert 'name="kept" value="price"' in text and "kept as it is" in text


def test_saving_what_is_shown_changes_nothing(owner, make_product):
    ends = timezone.now().replace(second=59, microsecond=0)
    product = make_product("Tea", "9.90", stock=3, sale_price=Decimal("8.00"), sale_ends=ends)
    before = Product.objects.filter(pk=product.pk).values().get()

    owner.post(page_of(product), sent(owner.get(page_of(product)).context["form"]))

    after = Product.objects.filter(pk=product.pk).values().get()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}


@pytest.mark.parametrize(("name", "value"), [("price", "-1"), ("name", ""), ("image", "ftp://x")])
def test_a_wrong_value_is_told_beside_its_field_and_changes_nothing(owner, honey, name, value):
    form = owner.get(page_of(honey)).context["form"]
    sending = sent(form)
    sending[name] = value

    answer = owner.post(page_of(honey), sending)

    assert answer.status_code == 200
    assert name in answer.context["form"].errors
    assert 'aria-invalid="true"' in answer.text
    assert (now(honey).name, now(honey).price, now(honey).image) == ("Honey", Decimal(20), "")


def test_the_owner_hides_a_product_for_good_and_shows_it_again(owner, honey, call_tool):
    assert "Hide it for good" in owner.get(page_of(honey)).text

    owner.post(hide_of(honey))

    assert not call_tool("search_products", query="honey").structured_content["products"]
    text = owner.get(page_of(honey)).text
    assert "hidden by you" in text and "imports leave it hidden" in text
    assert [row.name for row in owner.get(LIST, {"state": "hidden"}).context["rows"]] == ["Honey"]
    assert not owner.get(LIST, {"state": "withdrawn"}).context["rows"]
    owner.post(hide_of(honey), {"show": ""})
    assert call_tool("search_products", query="honey").structured_content["products"]


def test_a_product_that_its_file_lost_meanwhile_is_not_said_to_be_shown(owner, honey):
    hide_product(honey)
    Product.versions.filter(identity=honey.identity_id).update(withdrawn_at=timezone.now())

    answer = owner.post(hide_of(honey), {"show": ""}, follow=True)

    assert "It returns when the file of the store has it again." in answer.text


@pytest.mark.parametrize("asked", ["honey", "shop:honey"])
def test_the_owner_finds_a_hidden_product_by_its_name_and_id(owner, honey, tea, asked):
    hide_product(honey)

    assert [row.name for row in owner.get(LIST, {"q": asked}).context["rows"]] == ["Honey"]


def test_who_may_only_look_changes_nothing(client, honey, django_user_model):
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_product"))
    client.force_login(looker)

    assert client.post(hide_of(honey)).status_code == 403
    assert client.post(page_of(honey), {"name": "Mine"}).status_code == 403
    assert (now(honey).name, now(honey).withdrawn_at) == ("Honey", None)


def test_pictures_come_from_our_own_address(owner, make_product):
    product = make_product("Honey", image="https://example.com/honey.png")

    for text in (owner.get(LIST).text, owner.get(page_of(product)).text):
        assert f'<img src="/c/images/{product.identity_id}-' in text
        assert 'src="https://example.com' not in text


@pytest.mark.parametrize("copies", [1, 3])
def test_a_product_costs_the_same_however_much_there_is(owner, make_product, django_assert_num_queries, copies):
    for n in range(copies):
        product = make_product(f"Product {n}")
        save_product(product, [], ["price"])

    with django_assert_num_queries(5):  # session, user; the product twice: as it is, and for the form; warnings
        owner.get(page_of(product))
