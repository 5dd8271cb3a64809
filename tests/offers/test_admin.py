from offers.models import DeliveryOption

LIST = "/admin/offers/deliveryoption/"


def test_an_option_is_edited_in_the_admin(admin_client, make_option):
    option = make_option()
    url = f"{LIST}{option.pk}/change/"
    form = admin_client.get(url).context["adminform"].form
    values = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}

    admin_client.post(url, {**values, "price": "25"})
    refused = admin_client.post(url, {**values, "price": "30", "postal_codes": "Haifa"})

    assert DeliveryOption.objects.get().price == 25
    assert "is no postal code" in refused.text


def test_the_list_takes_the_same_queries_however_many_options(admin_client, make_option, django_assert_num_queries):
    for n in range(12):
        make_option(f"Option {n}")

    with django_assert_num_queries(5):  # session, user, count, page, stores to filter by
        assert "Option 11" in admin_client.get(LIST).text
