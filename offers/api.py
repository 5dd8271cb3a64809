"""What stores offer in the JSON API."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Router, Status
from ninja.params.functions import Path

from accounts.api import require
from catalog.models import Store
from offers.models import Coupon, DeliveryOption
from offers.schemas import (
    CouponChange,
    CouponOut,
    CouponsOut,
    DeliveryOptionChange,
    DeliveryOptionOut,
    DeliveryOptionsOut,
    MerchantOut,
    MerchantsOut,
    NewCoupon,
    NewDeliveryOption,
)
from offers.services import coupons as coupon_services
from offers.services import delivery as services
from shopmcp import paging
from shopmcp.api_types import Cursor, ErrorOut, Limit, text
from shopmcp.errors import NotFound

delivery_options = Router(tags=["delivery options"])
coupons = Router(tags=["coupons"])
merchants = Router(tags=["merchants"])
OptionId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The id of a delivery option.", example=1)]
StoreSlug = Annotated[str, Path(min_length=1, max_length=40, description="The slug of a store.", example="demo")]
CouponId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The id of a coupon.", example=1)]


@delivery_options.get(
    "",
    response={200: DeliveryOptionsOut, 404: ErrorOut},
    summary="List delivery options",
    operation_id="list_delivery_options",
)
def list_delivery_options(
    request: HttpRequest,
    store: Annotated[str, text(40, "Only this store, by its slug.")] = "",
    limit: Limit = 25,
    cursor: Cursor = "",
) -> DeliveryOptionsOut:
    """Delivery options, the newest first, also those that are not offered now."""
    rows = DeliveryOption.objects.select_related("store")
    if store.strip():
        rows = rows.of_store(_store(store))
    page, following = paging.page("delivery-options", rows, limit, cursor)
    return DeliveryOptionsOut(
        delivery_options=[DeliveryOptionOut.of(option) for option in page], next_cursor=following or None
    )


@delivery_options.post(
    "",
    response={201: DeliveryOptionOut, 404: ErrorOut},
    summary="Make a delivery option",
    operation_id="create_delivery_option",
)
def create_delivery_option(request: HttpRequest, option: NewDeliveryOption) -> Status[DeliveryOptionOut]:
    """Make a delivery option of a store."""
    require(request, "offers.add_deliveryoption")
    made = services.save_option(option.apply_to(DeliveryOption(store=_store(option.store))))
    return Status(201, DeliveryOptionOut.of(made))


@delivery_options.get(
    "/{option_id}", response=DeliveryOptionOut, summary="Get a delivery option", operation_id="get_delivery_option"
)
def get_delivery_option(request: HttpRequest, option_id: OptionId) -> DeliveryOptionOut:
    """One delivery option, with its areas and what it costs."""
    return DeliveryOptionOut.of(_option(option_id))


@delivery_options.patch(
    "/{option_id}",
    response=DeliveryOptionOut,
    summary="Change a delivery option",
    operation_id="change_delivery_option",
)
def change_delivery_option(
    request: HttpRequest, option_id: OptionId, change: DeliveryOptionChange
) -> DeliveryOptionOut:
    """Change some of its fields."""
    require(request, "offers.change_deliveryoption")
    return DeliveryOptionOut.of(services.save_option(change.apply_to(_option(option_id))))


@delivery_options.delete(
    "/{option_id}",
    response={204: None},
    summary="Delete a delivery option",
    operation_id="delete_delivery_option",
)
def delete_delivery_option(request: HttpRequest, option_id: OptionId) -> HttpResponse:
    """Delete a delivery option; orders keep what they were placed with."""
    require(request, "offers.delete_deliveryoption")
    services.delete_option(_option(option_id))
    return HttpResponse(status=204)


@merchants.get("", response=MerchantsOut, summary="List merchants", operation_id="list_merchants")
def list_merchants(request: HttpRequest, limit: Limit = 25, cursor: Cursor = "") -> MerchantsOut:
    """Who sells in each store, its tax and days of delivery, and what it lacks to take orders."""
    rows = Store.objects.select_related("merchant")
    page, following = paging.page("merchants", rows, limit, cursor)
    offering = set(DeliveryOption.objects.offered().order_by().filter(store__in=page).values_list("store", flat=True))
    told = [MerchantOut.of(store, has_delivery=store.pk in offering) for store in page]
    return MerchantsOut(merchants=told, next_cursor=following or None)


@merchants.get(
    "/{store}", response={200: MerchantOut, 404: ErrorOut}, summary="Get a merchant", operation_id="get_merchant"
)
def get_merchant(request: HttpRequest, store: StoreSlug) -> MerchantOut:
    """Who sells in one store. The dashboard changes it."""
    found = Store.objects.select_related("merchant").get(pk=_store(store).pk)
    return MerchantOut.of(found, has_delivery=DeliveryOption.objects.offered().of_store(found).exists())


@coupons.get("", response={200: CouponsOut, 404: ErrorOut}, summary="List coupons", operation_id="list_coupons")
def list_coupons(
    request: HttpRequest,
    store: Annotated[str, text(40, "Only this store, by its slug.")] = "",
    limit: Limit = 25,
    cursor: Cursor = "",
) -> CouponsOut:
    """Coupons, the newest first, also those that are over."""
    rows = Coupon.objects.select_related("store")
    if store.strip():
        rows = rows.of_store(_store(store))
    page, following = paging.page("coupons", rows, limit, cursor)
    return CouponsOut(coupons=[CouponOut.of(coupon) for coupon in page], next_cursor=following or None)


@coupons.post(
    "",
    response={201: CouponOut, 404: ErrorOut, 409: ErrorOut},
    summary="Make a coupon",
    operation_id="create_coupon",
)
def create_coupon(request: HttpRequest, coupon: NewCoupon) -> Status[CouponOut]:
    """Make a coupon of a store."""
    require(request, "offers.add_coupon")
    made = coupon_services.save_coupon(coupon.apply_to(Coupon(store=_store(coupon.store))))
    return Status(201, CouponOut.of(made))


@coupons.get("/{coupon_id}", response=CouponOut, summary="Get a coupon", operation_id="get_coupon")
def get_coupon(request: HttpRequest, coupon_id: CouponId) -> CouponOut:
    """One coupon, with its rules and how often it was used."""
    return CouponOut.of(_coupon(coupon_id))


@coupons.patch(
    "/{coupon_id}",
    response={200: CouponOut, 409: ErrorOut},
    summary="Change a coupon",
    operation_id="change_coupon",
)
def change_coupon(request: HttpRequest, coupon_id: CouponId, change: CouponChange) -> CouponOut:
    """Change some of its fields."""
    require(request, "offers.change_coupon")
    return CouponOut.of(coupon_services.save_coupon(change.apply_to(_coupon(coupon_id))))


@coupons.delete(
    "/{coupon_id}", response={204: None, 409: ErrorOut}, summary="Delete a coupon", operation_id="delete_coupon"
)
def delete_coupon(request: HttpRequest, coupon_id: CouponId) -> HttpResponse:
    """Delete a coupon. Where orders used it, it stays and 409 is answered."""
    require(request, "offers.delete_coupon")
    coupon_services.delete_coupon(_coupon(coupon_id))
    return HttpResponse(status=204)


def _coupon(pk: int) -> Coupon:
    coupon = Coupon.objects.select_related("store").filter(pk=pk).first()
    if coupon is None:
        raise NotFound(
            gettext("There is no such coupon."), fix=gettext("List the coupons and use the id of one of them.")
        )
    return coupon


def _option(pk: int) -> DeliveryOption:
    option = DeliveryOption.objects.select_related("store").filter(pk=pk).first()
    if option is None:
        raise NotFound(
            gettext("There is no such delivery option."),
            fix=gettext("List the delivery options and use the id of one of them."),
        )
    return option


def _store(slug: str) -> Store:
    store = Store.objects.filter(slug=slug.strip().lower()).first()
    if store is None:
        raise NotFound(
            gettext("There is no store “%(slug)s”.") % {"slug": slug[:40]},
            fix=gettext("List the stores and use the slug of one of them."),
        )
    return store
