"""Forms of the orders' pages."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from carts.cart import MAX_QUANTITY
from catalog.models import Store
from dashboard.base_forms import PlainLabels
from dashboard.forms import midnight
from orders.browse import OrderFilter
from orders.models import Order, OrderLine, OrderState
from orders.services.changing import LineEdit

STATES = {"": _("All"), "open": _("To be done"), **dict(OrderState.choices)}


class OrderFilterForm(PlainLabels, forms.Form):
    """The filters of the list of orders. Invalid filters are ignored and marked."""

    state = forms.ChoiceField(label=_("State"), choices=list(STATES.items()), required=False)
    store = forms.ChoiceField(label=_("Store"), required=False)
    q = forms.CharField(
        label=_("Number, name, phone or e-mail"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: Any, *, sees_people: bool) -> None:
        super().__init__(data, auto_id="filter-%s")
        self._sees_people = sees_people
        stores = Store.objects.oldest_first().values_list("slug", "name")
        self.fields["store"].choices = [("", _("All")), *stores]  # type: ignore[attr-defined]  # a ChoiceField's
        if not sees_people:
            self.fields["q"].label = _("Number")

    @property
    def asked(self) -> OrderFilter:
        """The filter by the valid fields. Days are in the reader's time zone, and `until` is included."""
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        return OrderFilter(
            state=given.get("state", ""),
            store=given.get("store", ""),
            search=given.get("q", ""),
            by_people=self._sees_people,
            since=midnight(since) if since else None,
            until=midnight(until + timedelta(days=1)) if until else None,
        )


class LineForm(PlainLabels, forms.Form):
    """One line of an order that the shop changes."""

    quantity = forms.IntegerField(label=_("Quantity"), min_value=0, max_value=MAX_QUANTITY)
    unit_price = forms.DecimalField(label=_("Price"), min_value=Decimal(0), max_digits=12, decimal_places=3)
    remark = forms.CharField(label=_("Remark, such as the substitute"), max_length=300, required=False)

    def __init__(self, line: OrderLine, data: Any = None) -> None:
        initial = {"quantity": line.quantity, "unit_price": f"{line.unit_price.normalize():f}", "remark": line.remark}
        super().__init__(data, prefix=f"line{line.position}", initial=initial)
        self.line = line

    @property
    def edit(self) -> LineEdit:
        given = self.cleaned_data
        return LineEdit(self.line.position, given["quantity"], given["unit_price"], given["remark"])


class LinesForm:
    """The lines of an order, and why they change."""

    def __init__(self, order: Order, data: Any = None) -> None:
        self.lines = [LineForm(line, data) for line in order.lines.all()]
        self.why = (data or {}).get("why", "")

    def is_valid(self) -> bool:
        found = [form.is_valid() for form in self.lines]  # each, so that each shows what is wrong with it
        return all(found)

    @property
    def edits(self) -> Sequence[LineEdit]:
        return [form.edit for form in self.lines if form.has_changed()]


class AmountForm(forms.Form):
    """An amount that was paid, or paid back."""

    amount = forms.DecimalField(min_value=Decimal("0.001"), max_digits=12, decimal_places=3)
    reason = forms.CharField(max_length=300, required=False)
