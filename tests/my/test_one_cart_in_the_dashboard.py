"""What the owner sees of the one cart of an account."""

from carts.models import Session
from orders.handoff import switching


def test_its_session_shows_which_chat_made_each_change_and_the_chats_lead_to_it(call_tool, dana, honey, admin_client):
    for n in "ab":
        call_tool("add_to_cart", session=n, product_id="shop:honey")
    Session.objects.update(person=dana, sees_person=True)
    switching.switch_on(dana)
    for n in "ab":
        call_tool("add_to_cart", session=n, product_id="shop:honey", quantity=3)
    home = Session.objects.get(source="account")
    page = admin_client.get(f"/dashboard/sessions/{home.public_id}/")
    assert page.status_code == 200
    chats = [s.public_id for s in Session.objects.chats()]
    assert all(f"/dashboard/sessions/{c}/" in page.text for c in chats)
    assert "3 → 6" in page.text and "Unlink" not in page.text
    mine = admin_client.get(f"/dashboard/sessions/{chats[1]}/").text
    assert "3 → 6" in mine and "It uses the one cart of its customer" in mine
    assert admin_client.get("/dashboard/").status_code == admin_client.get("/dashboard/sessions/").status_code == 200
    assert admin_client.get("/api/sessions").status_code == 200
