"""Forms for stores and products, of the admin and the owner's pages."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import ClearableFileInput, DateTimeField, DateTimeInput, FileField, IntegerField, ModelForm
from django.utils.translation import gettext_lazy as _

from catalog.language.text import clean, clean_paragraphs, web_address
from catalog.logos import LARGEST, png_of
from catalog.models import STATIC_IMAGE, Logo
from shopmcp.errors import ShopError
from shopmcp.money import money


class PlainForm(ModelForm):  # type: ignore[type-arg]  # takes no arguments at run time
    """Cleans texts as imports do, because chats repeat them: no invisible or control characters."""

    paragraphs = ("description", "shipping", "returns", "contact", "pay_instructions")
    addresses = ("base_url", "url", "image")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in list(values.items()):
            if not isinstance(value, str) or not value:
                continue
            field = self.fields[name]
            values[name] = (clean_paragraphs if name in self.paragraphs else clean)(value, len(value))
            if name in self.addresses and not value.startswith(STATIC_IMAGE):
                values[name] = web_address(value)
                if not values[name]:
                    self.add_error(name, _("Use an address that begins with https://."))
            elif field.required and not values[name]:
                self.add_error(name, field.error_messages["required"])
        return values


class StoreForm(PlainForm):
    logo = FileField(
        label=_("logo"),
        required=False,
        widget=ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("A PNG, JPEG or WebP image; chats show it beside the store's name."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["logo"] = Logo.objects.filter(store=self.instance.pk).defer("png").select_related("store").first()

    def clean_logo(self) -> Any:
        """Return the content of an upload, False to remove the logo, or else None."""
        given = self.cleaned_data["logo"]
        if not isinstance(given, UploadedFile):
            return given if given is False else None
        content = given.read(LARGEST + 1)
        try:
            png_of(content)
        except ShopError as refusal:
            raise ValidationError(refusal.text) from None
        return content

    def clean_language(self) -> str:
        """Accept only languages in which prices can be formatted."""
        try:
            return str(Locale.parse(self.cleaned_data["language"].replace("_", "-"), sep="-")).replace("_", "-")
        except (UnknownLocaleError, ValueError):
            raise ValidationError(_("Use the code of a language, such as he or en-GB.")) from None

    def clean_time_zone(self) -> str:
        try:
            return ZoneInfo(name).key if (name := self.cleaned_data["time_zone"]) else ""
        except (OSError, ValueError, LookupError):  # ZoneInfoNotFoundError is a LookupError
            raise ValidationError(_("Use the name of a time zone, such as Asia/Jerusalem.")) from None


class ProductForm(PlainForm):
    """Shows prices with the digits of their currency: three decimals would look like thousands.

    A field counts as changed if it differs from what the form showed, because an import may be published meanwhile.
    """

    stock = IntegerField(label=_("stock"), min_value=0, max_value=2**31 - 1, required=False)
    # One input each, unlike the admin's, so that the page can hold what it showed.
    sale_begins = DateTimeField(label=_("sale begins"), required=False, widget=DateTimeInput)
    sale_ends = DateTimeField(label=_("sale ends"), required=False, widget=DateTimeInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["stock"] = self.instance.stock if self.instance.pk else None
        for name, field in self.fields.items():
            field.show_hidden_initial = not self.is_bound or self.add_initial_prefix(name) in self.data
        for name in ("price", "sale_price"):
            amount = getattr(self.instance, name)
            if amount is not None:
                shown = Decimal(money(amount, self.instance.currency, "en").amount)
                self.initial[name] = shown if shown == amount else amount

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        for name in ("price", "sale_price"):
            if (amount := values.get(name)) is not None and amount < 0:
                self.add_error(name, _("A price is 0 or more."))
        begins, ends = values.get("sale_begins"), values.get("sale_ends")
        if begins and ends and begins >= ends:
            self.add_error("sale_ends", _("The sale must end after it begins."))
        if values.get("sale_price") is None and (begins or ends):
            self.add_error("sale_price", _("A sale needs a price."))
        return values
