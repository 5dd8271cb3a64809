"""The tables of offers."""

from offers.models.coupons import Coupon, CouponQuerySet, CouponUse, Discount, Goods
from offers.models.delivery import DeliveryOption, DeliveryOptionQuerySet, FreeDelivery, nearest_free_delivery
from offers.models.merchants import WEEKDAYS, Merchant, MerchantQuerySet

__all__ = [
    "WEEKDAYS",
    "Coupon",
    "CouponQuerySet",
    "CouponUse",
    "DeliveryOption",
    "DeliveryOptionQuerySet",
    "Discount",
    "FreeDelivery",
    "Goods",
    "Merchant",
    "MerchantQuerySet",
    "nearest_free_delivery",
]
