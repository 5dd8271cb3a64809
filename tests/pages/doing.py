"""What a person does on a page before it is looked at."""

from urllib.parse import urlsplit

from tests.orders.test_in_browser import DELIVERY


def under_another_name(shop):
    port = urlsplit(shop.url).port
    shop.browser.open(f"http://another.localhost:{port}/")


def send_a_form_of_another_site(shop):
    shop.browser.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(field => field.remove())")
    shop.browser.click_through(".languages button")


def send_nothing(shop):
    shop.browser.evaluate("document.querySelector('main form.entries, main form').noValidate = true")
    shop.browser.click_through("main form.entries button, main form button")


def sign_in_wrongly(shop):
    shop.fill(username="nobody", password="nothing")
    shop.browser.click_through("[type=submit]")


def ask_for_a_link(shop):
    shop.fill(email="nobody@example.com")
    shop.browser.click_through("main button")


def wait_for_the_api(shop):
    """Of the many operations the first ones are looked at: the others are of the same kind."""
    shop.browser.wait_until("!!document.querySelector('.opblock')")
    others = ".opblock-tag-section ~ .opblock-tag-section, span:has(> .opblock-tag-section) ~ span"
    shop.browser.evaluate(f"document.querySelectorAll('{others}').forEach(section => section.remove())")
    shop.browser.click(".opblock-summary-control")
    shop.browser.wait_until("!!document.querySelector('.opblock-body')")


def ask_for_a_code(shop):
    shop.unfold()
    shop.browser.click_through("[value=code]")


def end_the_link(shop):
    shop.unfold()
    end(shop)


def end(shop):
    shop.browser.click_through("[value=end]")


def come_too_late(shop):
    shop.call(shop.client, "update_cart_item", product_id="shop:last", quantity=2)
    shop.browser.click_through("[name=do][value^='set:shop:honey:3']")


def order_nothing_of_it(shop):
    shop.browser.evaluate("document.querySelector('#cart').noValidate = true")
    shop.browser.click_through(".pay")


def order_for_a_code(shop):
    # A mailbox and a phone of their own: few codes go to one.
    number = shop.client.rpartition(" ")[2]
    phone = f"050-{2345700 + int(number)}"
    shop.fill(name="דנה לוי", phone=phone, email=f"dana.{number}@example.com")
    shop.browser.click(f"{DELIVERY}[data-pickup]")
    shop.browser.click("[name=payment][value=on_delivery]")
    shop.browser.click_through(".pay")


def write_a_wrong_code(shop):
    order_for_a_code(shop)
    shop.fill(code="000000")
    shop.browser.click_through(".pay")


def be_reminded_without_a_tick(shop):
    shop.unfold()
    shop.fill(remind_email="dana.reminded@example.com")
    shop.browser.click_through("[value=remind]")


def be_reminded(shop):
    shop.unfold()
    shop.browser.click("[name=remind]")
    be_reminded_without_a_tick(shop)


def ask_to_sign_in(shop):
    shop.fill(email=f"guest.{shop.server.port}@example.com")
    shop.browser.click_through("main button")


def sign_in_with_a_wrong_code(shop):
    ask_to_sign_in(shop)
    shop.fill(code="AAAA-AAAA")
    shop.browser.click_through("[value=verify]")


def show_a_code(shop):
    shop.browser.click_through("[value=code]")


def keep_no_address(shop):
    shop.unfold()
    shop.browser.click_through("[value=address]")


def delete_another_account(shop):
    shop.fill(email="another@example.com")
    shop.browser.click_through("main section:last-of-type button")


def keep_it(shop):
    shop.unfold()
    shop.browser.click_through("a[href*='/my/keep/']")
