"""A search in vain leads to a synonym, which counts from the next search on."""

import pytest
from django.urls import reverse

from catalog.models import Synonyms
from tests.catalog.search.asking import skus

PAGE = reverse("dashboard-synonyms")


def test_a_synonym_made_for_a_search_in_vain_works_at_once(owner, make_session, make_call, honey):
    make_call(make_session(), tool="search_products", words=["bee", "gold"], results=0)
    assert skus("bee gold") == []
    assert f"{PAGE}?words=bee%20gold" in owner.get(reverse("dashboard-analytics")).text
    assert 'value="bee gold"' in owner.get(f"{PAGE}?words=bee%20gold").text

    answer = owner.post(PAGE, {"words": "bee gold", "known": "honey"}, follow=True)

    assert "“bee gold” now finds 1 product." in answer.text
    assert skus("bee gold") == ["honey"]


def test_one_group_holds_all_that_mean_the_same(owner, honey):
    for words, known in (("nectar", "honey"), ("bee gold", "Honey"), ("nectar", "honey"), ("ambrosia", "nectar")):
        owner.post(PAGE, {"words": words, "known": known})

    assert Synonyms.objects.get().phrases == ["honey", "nectar", "bee gold", "ambrosia"]


def test_a_synonym_of_a_word_that_finds_nothing_is_kept_and_said(owner, honey):
    assert "still finds nothing" in owner.post(PAGE, {"words": "gold", "known": "ghost"}, follow=True).text
    assert Synonyms.objects.exists()


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("honey", "honey"),
        ("Honey", "honey"),
        ("?!", "honey"),
        ("one two three four", "honey"),
        ("x" * 81, "honey"),
        ("", "honey"),
    ],
)
def test_what_cannot_be_a_synonym_is_refused_in_words_and_changes_nothing(owner, honey, words, known):
    answer = owner.post(PAGE, {"words": words, "known": known})

    assert answer.status_code == 200
    assert "mistake" in answer.text or "alert" in answer.text
    assert not Synonyms.objects.exists()


def test_a_full_group_takes_no_more(owner, honey):
    Synonyms.objects.create(words=", ".join(["honey", *(f"word number {n}" for n in range(31))])[:495])
    answer = owner.post(PAGE, {"words": "bee gold", "known": "honey"})

    assert "has no room" in answer.text
    assert "bee gold" not in Synonyms.objects.get().words


def test_whoever_may_not_change_the_catalogue_sees_the_groups_and_adds_none(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert '<form method="post" id=' not in client.get(PAGE).text
    assert client.post(PAGE, {"words": "a", "known": "b"}).status_code == 403
    assert not Synonyms.objects.exists()


def test_a_group_is_changed_and_deleted_on_its_own_page(owner, honey):
    group = Synonyms.objects.create(words="bee gold, honey, ghost")
    page = reverse("dashboard-synonyms-group", args=[group.pk])
    assert page in owner.get(PAGE).text
    owner.post(page, {"words": "bee gold, honey, , Honey, nectar"})

    assert Synonyms.objects.get().phrases == ["bee gold", "Honey", "nectar"]
    assert skus("nectar") == ["honey"]
    assert "Deleted" in owner.post(page, {"delete": ""}, follow=True).text
    assert not Synonyms.objects.exists()
    assert skus("nectar") == []


@pytest.mark.parametrize(
    "words", ["honey", "honey, Honey", "", "one two three four, honey", ",".join(f"word{n}" for n in range(70))[:495]]
)
def test_words_that_are_no_group_are_refused_and_change_nothing(owner, words):
    group = Synonyms.objects.create(words="bee gold, honey")
    answer = owner.post(reverse("dashboard-synonyms-group", args=[group.pk]), {"words": words})

    assert "mistake" in answer.text
    assert Synonyms.objects.get().words == "bee gold, honey"


def test_whoever_may_not_change_synonyms_changes_none(client, django_user_model):
    group = Synonyms.objects.create(words="bee gold, honey")
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert client.post(reverse("dashboard-synonyms-group", args=[group.pk]), {"delete": ""}).status_code == 403
    assert Synonyms.objects.exists()
