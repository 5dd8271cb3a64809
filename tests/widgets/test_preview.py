"""The owner's preview: the real widgets in a frame of their own, and a whole purchase by clicks."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tests.dashboard.browsing import sign_in
from tests.live import wait_for


class Preview:
    """The page in the browser, and the widget in its frame."""

    def __init__(self, browser, shop):
        self.browser, self.shop = browser, shop

    def open(self, query=""):
        self.browser.open(f"{self.shop.url}/dashboard/preview/{query}")
        self.browser.wait_until("document.querySelector('iframe').src !== ''")
        self.wait("document.readyState === 'complete' && !!document.getElementById('main')?.dataset.state")
        self.wait("main.dataset.state === 'ready' && !busy && waiting.size === 0")

    def see(self, expression):
        return self.browser.evaluate(expression, frame=self.browser.frames()[-1])

    def wait(self, expression):
        tried = f"(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()"
        wait_for(lambda: len(self.browser.frames()) > 1 and self.see(tried), expression)

    def click(self, selector):
        self.see(f"document.querySelector({json.dumps(selector)}).click()")
        self.wait("!busy && waiting.size === 0")

    @property
    def text(self):
        return self.see("document.body.innerText")


@pytest.fixture
def preview(browser, widget_shop):
    sign_in(browser, widget_shop)
    return Preview(browser, widget_shop)


def test_a_purchase_is_made_by_clicks_and_counts_in_no_number(preview, widget_shop):
    browser = preview.browser
    preview.open()
    browser.evaluate("document.querySelector('#q').value = 'linen shirt', 0")
    browser.click_through("form.filters button")
    preview.wait("main.dataset.state === 'ready' && !busy && waiting.size === 0")
    preview.see(
        "(s => { s.value = 'shop:shirt-L-Blue'; s.dispatchEvent(new Event('change', { bubbles: true })); })"
        "(document.querySelector('select'))"
    )
    preview.click("[data-act=add]")
    assert "0 → 1" in preview.text
    assert "Linen shirt" in browser.evaluate("document.querySelector('[data-told]').textContent")

    preview.open("?show=cart")
    preview.click("[data-act=more]")
    assert "₪120.00" in preview.text
    preview.click("[data-act=remove]")
    preview.click("[data-act=undo]")
    preview.see("document.getElementById('code').value = 'TEN', 0")
    preview.click("[data-act=coupon]")
    assert "₪108.00" in preview.text
    browser.evaluate("window.opened = [], window.open = url => { opened.push(url); }, 0")
    preview.click("[data-act=checkout]")
    (link,) = browser.evaluate("opened")
    assert link.startswith(f"{widget_shop.url}/c/")

    asked = (
        "from carts.models import CallRecord, Session; "
        "of = Session.objects.filter(carts__lines__product__sku='shirt-L-Blue', is_check=True); "
        "print(of.count(), CallRecord.objects.filter(session__in=of).count())"
    )
    assert widget_shop.manage("shell", "-v0", "-c", asked).stdout.strip().endswith("1 0")
    assert browser.complaints == []


def test_the_look_of_the_host_is_chosen(preview):
    preview.open("?show=product&q=shop:honey")
    browser = preview.browser
    assert preview.see("root.dataset.theme + root.lang") == "lighten"

    for look, value in (("theme", "dark"), ("locale", "he"), ("width", "phone")):
        browser.evaluate(
            f"(s => {{ s.value = '{value}'; s.dispatchEvent(new Event('change')); }})"
            f"(document.querySelector('[data-look={look}]'))"
        )
    preview.wait("root.lang === 'he'")
    assert preview.see("[root.dataset.theme, root.dir, innerWidth]") == ["dark", "rtl", 388]

    preview.click("[data-act=mode]")
    assert browser.evaluate("document.querySelector('[data-host]').dataset.mode") == "fullscreen"
    preview.click("[data-act=mode]")
    assert browser.evaluate("document.querySelector('[data-host]').dataset.mode") == "inline"
    assert browser.complaints == []


@pytest.fixture
def owner(client, db):
    client.force_login(User.objects.create_superuser("owner"))
    return client


def test_the_frame_holds_a_widget_as_its_resource_declares(owner, settings):
    for name in ("products", "product", "cart"):
        response = owner.get(reverse("dashboard-preview-widget", args=[name]))
        policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
        assert policy["sandbox"] == "allow-scripts"
        assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == "'none'"
        assert policy["img-src"] == f"data: {settings.PUBLIC_URL}"
        assert policy["frame-ancestors"] == "'self'"
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert response.text.startswith("<!DOCTYPE html>")
    assert owner.get(reverse("dashboard-preview-widget", args=["other"])).status_code == 404


def test_strangers_see_neither_the_page_nor_the_frame(client, db):
    assert client.get(reverse("dashboard-preview")).status_code == 302
    assert client.get(reverse("dashboard-preview-widget", args=["cart"])).status_code == 302


def test_the_chat_of_the_preview_stays_the_same_and_what_is_asked_is_harmless(owner):
    chats = set()
    for query in ("", "?show=nothing&q=%3C/script%3E"):
        page = owner.get(reverse("dashboard-preview") + query)
        told = json.loads(page.text.split('<script id="host" type="application/json">')[1].split("</script>")[0])
        assert told["tool"] == "search_products"
        chats.add(told["chat"]["openai/session"])
    assert len(chats) == 1
    assert told["words"] == "</script>"
