"""The API's page for people, in a browser."""

import pytest


@pytest.mark.parametrize("width", [390, 1280])
def test_the_docs_list_every_operation_without_a_complaint_or_a_foreign_request(empty_shop, browser, width):
    browser.look_like(width=width)
    browser.open(f"{empty_shop.url}/api/docs")
    operations = len(empty_shop.get("/api/openapi.json").json["paths"])

    browser.wait_until(f"document.querySelectorAll('.opblock').length >= {operations}")
    browser.click(".opblock-summary-control")
    browser.wait_until("document.querySelector('.opblock.is-open .parameters') !== null")

    assert browser.complaints == []
    assert [url for url in browser.requested if not url.startswith((empty_shop.url, "data:"))] == []
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_request_tried_out_on_the_page_is_answered(empty_shop, browser):
    key = empty_shop.manage("create_api_key", "docs").stdout.strip()
    browser.open(f"{empty_shop.url}/api/docs")
    browser.wait_until("document.querySelector('.btn.authorize') !== null")

    status = browser.evaluate(
        f"fetch('/api/health', {{headers: {{Authorization: 'Bearer {key}'}}}}).then(answer => answer.status)"
    )

    assert status == 200
