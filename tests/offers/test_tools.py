from catalog.models import Store
from offers.models import Merchant
from offers.services.merchants import merchant_of, save_merchant
from tests.api import script
from tests.carts.answers import cart, text


def test_list_stores_tells_how_each_store_delivers(call_tool, client, store, make_option):
    make_option(free_above="200")
    make_option("Hidden", active=False)
    merchant = merchant_of(store)
    merchant.delivery_days = "7"
    save_merchant(merchant)

    answer = call_tool("list_stores")

    (told,) = answer.structured_content["stores"]
    assert told["delivery"][0] == "Courier: ₪20.00, free from ₪200.00."
    assert told["delivery"][1].startswith("Delivered on: Sunday.")
    assert "Delivery: Courier: ₪20.00, free from ₪200.00." in answer.content[0].text
    assert script(client).get("stores") == answer.structured_content


def test_delivery_is_told_in_the_language_of_the_store(call_tool, store, make_option):
    Store.objects.update(language="he")
    make_option(free_above="200")

    assert "חינם החל" in call_tool("list_stores").content[0].text


def test_the_stores_take_the_same_queries_however_many(client, store, make_option, django_assert_num_queries):
    api = script(client)
    for n in range(10):
        make_option(of=Store.objects.create(slug=f"shop-{n}", name=f"Shop {n}", currency="ILS", language="en"))

    with django_assert_num_queries(6):  # key, state of the catalogue, counts, stores, options, days
        assert len(api.get("stores")["stores"]) == 11


def test_a_store_that_says_nothing_has_no_line(call_tool, store):
    assert "delivery" not in call_tool("list_stores").structured_content["stores"][0]
    assert not Merchant.objects.exists()


def test_list_stores_says_that_a_store_is_paused_and_why(call_tool, store):
    Store.objects.update(paused="we are away until Sunday.")

    told = call_tool("list_stores")

    assert cart(told)["stores"][0]["paused"] == "we are away until Sunday."
    assert "The shop takes no orders now: we are away until Sunday." in text(told)
