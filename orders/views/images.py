"""Our copies of product images."""

import re
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from catalog.models import Product
from orders import images
from orders.views.shopper import shopper_page

_PICTURE: Final = re.compile(r"(\d{1,18})-([0-9a-f]{24})")
_WEEK: Final = "public, max-age=604800, immutable"
_SHORTLY: Final = "public, max-age=600"


@shopper_page
@require_safe
def picture(request: HttpRequest, key: str) -> HttpResponse:
    """Our copy of a product's image; a neutral one where there is none."""
    found = _PICTURE.fullmatch(key)
    product = Product.objects.filter(identity=int(found[1])).first() if found else None
    if product is None or found is None or images.key_of(product.image) != found[2]:
        return HttpResponse(status=404)
    content = images.copy_of(product.image)
    if content is None:
        response = redirect(static("orders/no-image.svg"))
        response["Cache-Control"] = _SHORTLY
        return response
    return HttpResponse(content, content_type="image/jpeg", headers={"Cache-Control": _WEEK})
