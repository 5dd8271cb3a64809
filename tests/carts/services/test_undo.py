"""Going back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from carts.models import KEPT_VERSIONS, Cart, Change, Line
from carts.services import cleanup
from catalog.models import Product, Store
from tests.carts.answers import cart, changes, codes, error, quantities, text


@pytest.fixture
def undo(call_tool):
    return lambda **arguments: call_tool("undo_cart_change", **arguments)


@pytest.fixture
def counted(call_tool, honey):
    """A cart whose honey was set to 1, 2, 3 in the versions 1 to 3."""
    for _ in range(3):
        call_tool("add_to_cart", product_id="shop:honey")


def test_undo_goes_back_one_change_at_a_time(undo, counted):
    seen = [undo() for _ in range(3)]

    assert [quantities(result).get("shop:honey", 0) for result in seen] == [2, 1, 0]
    assert [cart(result)["version"] for result in seen] == [4, 5, 6]
    assert cart(seen[0])["changes"] == ["Honey: 3 → 2"]
    refused = undo()
    assert error(refused)["code"] == "not_found"
    assert "Every change of the cart is undone already. To take the newest undo back, pass version 5." in text(refused)
    assert Change.objects.count() == 6
    assert quantities(undo(version=5)) == {"shop:honey": 1}


def test_a_cart_that_never_changed_has_nothing_to_undo(undo, honey):
    refused = undo()

    assert error(refused)["code"] == "not_found"
    assert "There is no change to undo." in text(refused)
    assert not Change.objects.exists()


def test_a_change_after_an_undo_is_what_the_next_undo_takes_back(undo, counted, call_tool, tea):
    undo()
    call_tool("add_to_cart", product_id="shop:tea")

    assert quantities(undo()) == {"shop:honey": 2}
    assert quantities(undo()) == {"shop:honey": 1}


@pytest.mark.parametrize(("version", "quantity"), [(1, 1), ("2", 2), (2.0, 2)])
def test_any_version_can_be_gone_back_to(undo, counted, version, quantity):
    result = undo(version=version)

    assert quantities(result).get("shop:honey", 0) == quantity
    assert cart(result)["version"] == 4


def test_what_was_undone_can_be_had_again_by_its_version(undo, counted):
    undo(version=1)

    assert quantities(undo(version=3)) == {"shop:honey": 3}
    assert quantities(undo()) == {"shop:honey": 2}


def test_going_back_to_the_version_at_hand_changes_nothing(undo, counted):
    result = undo(version=3)

    assert quantities(result) == {"shop:honey": 3}
    assert cart(result)["version"] == 3
    assert text(result).startswith("Nothing changed.")


def test_a_version_that_never_was_is_refused_in_words(undo, counted):
    result = undo(version=4)

    assert error(result)["code"] == "not_found"
    assert "The cart has no version 4; its newest is 3." in text(result)
    assert Line.objects.get().quantity == 3
    assert Change.objects.count() == 3


@pytest.mark.parametrize("version", [0, "0", 0.0, "", "null", None])
def test_versions_begin_at_1_so_that_0_is_as_good_as_none(undo, counted, version):
    undone = undo(version=version)

    assert not undone.is_error
    assert Line.objects.get().quantity == 2
    assert Change.objects.count() == 4


def test_a_negative_version_is_refused(undo, counted):
    assert error(undo(version=-1))["code"] == "invalid_arguments"
    assert Line.objects.get().quantity == 3
    assert Change.objects.count() == 3


def test_undoing_a_clearing_restores_the_price_at_which_a_line_was_added(undo, call_tool, honey, tea):
    call_tool("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:tea"}])
    call_tool("clear_cart")
    Product.objects.filter(sku="honey").update(price="30")

    result = undo()

    assert quantities(result) == {"shop:honey": 2, "shop:tea": 1}
    assert cart(result)["lines"][0]["unit_price"]["amount"] == "30.00"
    assert Line.objects.get(product=honey.identity).price_when_added == 20


def test_undo_tells_what_changed_while_the_line_was_away(undo, call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey", quantity=5)
    call_tool("remove_from_cart", product_id="shop:honey")
    Product.objects.filter(sku="honey").update(price="30", counted=2)

    result = undo()

    assert quantities(result) == {"shop:honey": 5}
    assert codes(result) == ["price_changed", "stock"]
    assert "The price of Honey changed from ₪20.00 to ₪30.00." in text(result)
    assert codes(call_tool("view_cart")) == []


def test_undo_brings_back_even_what_was_withdrawn_and_says_so(undo, call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("clear_cart")
    Product.objects.filter(sku="honey").update(withdrawn_at=timezone.now(), price=None)

    result = undo()

    assert quantities(result) == {"shop:honey": 1}
    assert codes(result) == ["withdrawn"]
    Product.objects.filter(sku="honey").update(withdrawn_at=None, price="20")
    assert codes(call_tool("view_cart")) == []


def test_undo_finds_the_way_back_to_another_store(undo, call_tool, honey, make_product):
    make_product("Mug", "5", store=Store.objects.create(slug="other", name="Other", currency="USD"))
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("clear_cart")
    call_tool("add_to_cart", product_id="other:mug")

    result = undo(version=1)

    assert quantities(result) == {"shop:honey": 1}
    assert cart(result)["currency"] == "ILS"
    assert quantities(undo(version=3)) == {"other:mug": 1}
    assert cart(call_tool("view_cart"))["currency"] == "USD"


def test_undo_survives_a_product_that_exists_no_more(undo, call_tool, honey, tea):
    call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])
    call_tool("clear_cart")
    honey.identity.delete()

    assert quantities(undo()) == {"shop:tea": 1}


def test_conversations_undo_their_own_changes_only(undo, call_tool, counted):
    call_tool("add_to_cart", session="chat-2", product_id="shop:honey", quantity=9)

    assert quantities(undo()) == {"shop:honey": 2}
    assert quantities(call_tool("view_cart", session="chat-2")) == {"shop:honey": 9}


@pytest.fixture
def long_history(call_tool, honey, tea):
    """A cart of 30,000 versions, as an earlier version of the shop left it: honey is set to 2 and to 1 in turn."""
    call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])
    made = Cart.objects.get()
    entry = {"product": honey.identity_id, "product_id": "shop:honey", "name": "Honey", "price": "20.000"}
    Change.objects.bulk_create(
        (
            Change(
                cart=made,
                version=version,
                tool="update_cart_item",
                delta=[entry | {"before": 1 + version % 2, "after": 2 - version % 2}],
                undo_to=version - 1,
            )
            for version in range(2, 30_001)
        ),
        batch_size=5000,
    )
    Cart.objects.update(version=30_000, item_count=3)
    Line.objects.filter(product=honey.identity).update(quantity=2)


def reading_changes(result_of):
    """The result, and the statements that read changes meanwhile."""
    with CaptureQueriesContext(connection) as captured:
        result = result_of()
    return result, [query["sql"] for query in captured if 'FROM "carts_change"' in query["sql"]]


def test_an_undo_reads_the_kept_history_alone_however_long_it_is(undo, long_history, call_tool):
    result, read = reading_changes(lambda: undo(version=29_900))

    assert quantities(result) == {"shop:honey": 2, "shop:tea": 1}
    assert cart(result)["version"] == 30_000
    with connection.cursor() as cursor:
        counts = []
        for sql in read:
            cursor.execute(f"SELECT COUNT(*) FROM ({sql}) AS found")
            counts.append(cursor.fetchone()[0])
    assert max(counts) == KEPT_VERSIONS
    assert len(read) <= 2

    assert changes(undo()) == ["Honey: 2 → 1"]
    assert changes(undo()) == ["Honey: 1 → 2"]


def test_an_undo_beyond_the_kept_history_is_refused_in_words(undo, long_history, call_tool):
    for version in (1, 29_899):
        refused = undo(version=version)

        assert error(refused)["code"] == "not_found"
        assert f"The shop keeps the last 100 changes of a cart, and version {version} is before them." in text(refused)
        assert "Pass version 29900 or a later one, or empty the cart with clear_cart." in text(refused)
    assert Cart.objects.get().version == 30_000
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2, "shop:tea": 1}
    assert quantities(call_tool("clear_cart")) == {}
    assert quantities(undo()) == {"shop:honey": 2, "shop:tea": 1}


def test_the_changes_before_the_kept_history_are_deleted_on_the_way_and_the_rest_by_the_cleanup(
    undo, long_history, call_tool
):
    for _ in range(50):
        cart(call_tool("add_to_cart", product_id="shop:tea"))
    # One delete of at most a hundred rows, so that no change has to delete a long history.
    assert Change.objects.count() == 30_050 - 100

    cleanup.clean_up()

    assert list(Change.objects.order_by("version").values_list("version", flat=True)) == list(range(29_950, 30_051))
    assert quantities(undo(version=29_950)) == {"shop:honey": 2, "shop:tea": 1}


def test_one_change_back_is_undone_to_the_end_of_the_kept_history(undo, call_tool, honey):
    for _ in range(200):
        cart(call_tool("add_to_cart", product_id="shop:honey"))
    assert Change.objects.count() <= KEPT_VERSIONS + 50

    seen = [quantities(undo())["shop:honey"] for _ in range(50)]
    refused = undo()

    assert seen == list(range(199, 149, -1))
    assert error(refused)["code"] == "not_found"
    assert "version 149 is before them" in text(refused)
    assert quantities(call_tool("view_cart")) == {"shop:honey": 150}
