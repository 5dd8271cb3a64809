"""A process that speaks Stripe's HTTP, as far as the shop uses it, and fails when it is told to.

Below `/_test/` a test looks into it, pays, and orders faults: `lost` does what is asked and then hangs up, `silent`
hangs on until the client gives up, a number is the status of an answer before anything is done. With `show_pages` it
has the pages on which buyers pay too, and signs what it tells the shop.
"""

import hashlib
import hmac
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock
from time import time as now
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

PAGES = "https://checkout.stripe.com"
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Pay</title><link rel="icon" href="data:,"></head><body><main>
<h1>Pay {amount} {currency}</h1><form method="post"><button id="pay">Pay</button></form>
<a id="back" href="{back}">Back to the shop</a></main></body></html>"""


class Account:
    """What the gateway knows."""

    def __init__(self):
        # A shop that lives on after a reset has names of before.
        self.numbers = count(1)
        self.reset()

    def reset(self, **_given):
        self.sessions, self.intents, self.refunds, self.answers = {}, {}, {}, {}
        self.faults, self.requests = [], []
        self.pages, self.shop, self.secret = PAGES, "", ""
        return {}

    def show_pages(self, base, shop="", secret=""):
        """Send buyers to pages below `base`; without a secret the shop is told nothing."""
        self.pages, self.shop, self.secret = base, shop, secret
        return {}

    def fault(self, path, what, times=1):
        self.faults += [(path, what)] * times
        return {}

    def pay(self, session, amount=None, currency=None, processing=False):
        found = self.sessions[session]
        is_held = found["asked"].get("payment_intent_data[capture_method]") == "manual"
        found |= {"status": "complete", "payment_status": "unpaid" if processing or is_held else "paid"}
        found["payment_intent"] = found["payment_intent"] or f"pi_{next(self.numbers)}"
        found["amount_total"] = found["amount_total"] if amount is None else amount
        found["currency"] = currency or found["currency"]
        if is_held:
            self.hold(found)
        return found

    def hold(self, session):
        """Authorise a payment as cards are, for a week."""
        key = session["payment_intent"]
        card = {"capture_before": int(now()) + 7 * 24 * 3600}
        self.intents[key] = {
            "id": key, "object": "payment_intent", "status": "requires_capture", "capture_method": "manual",
            "amount": session["amount_total"], "amount_capturable": session["amount_total"], "amount_received": 0,
            "currency": session["currency"], "metadata": {"payment": session["client_reference_id"]},
            "latest_charge": {"id": f"ch_{key}", "payment_method_details": {"card": card}},
        }  # fmt: skip

    def end_soon(self, intent, details):
        self.intents[intent]["latest_charge"]["payment_method_details"] = details
        return details

    def end_intent(self, intent):
        """Let an authorisation go, as by itself after its time."""
        return self.cancel(intent)

    def capture_by_hand(self, intent, amount):
        return self.capture(intent, {"amount_to_capture": amount})

    def capture(self, key, asked):
        found, amount = self.intents[key], int(asked["amount_to_capture"])
        if found["status"] != "requires_capture" or amount > found["amount_capturable"]:
            raise Refused(f"This PaymentIntent could not be captured: it is {found['status']}.")
        found |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
        next(each for each in self.sessions.values() if each["payment_intent"] == key)["payment_status"] = "paid"
        return found

    def cancel(self, key):
        found = self.intents[key]
        if found["status"] != "requires_capture":
            raise Refused(f"You cannot cancel this PaymentIntent: it is {found['status']}.")
        found |= {"status": "canceled", "amount_capturable": 0}
        return found

    def fail_debit(self, session):
        self.sessions[session]["failed"] = True
        return self.sessions[session]

    def end_refund(self, refund, status):
        self.refunds[refund]["status"] = status
        return self.refunds[refund]

    def refund_by_hand(self, payment, amount, currency):
        return self.make_refund({"payment_intent": payment, "amount": amount}, currency)

    def look(self):
        return {
            "sessions": list(self.sessions.values()),
            "intents": list(self.intents.values()),
            "refunds": list(self.refunds.values()),
            "requests": self.requests,
        }

    def make_session(self, asked):
        number, price = next(self.numbers), "line_items[0][price_data]"
        found = {
            "id": f"cs_{number}", "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "url": f"{self.pages}/c/pay/cs_{number}", "payment_intent": None,
            "amount_total": int(asked[f"{price}[unit_amount]"]), "currency": asked[f"{price}[currency]"],
            "client_reference_id": asked["client_reference_id"], "asked": asked,
        }  # fmt: skip
        self.sessions[found["id"]] = found
        return found

    def session(self, key):
        found = self.sessions[key]
        if not found["payment_intent"]:
            return found
        if intent := self.intents.get(found["payment_intent"]):
            return found | {"payment_intent": intent}
        status = "requires_payment_method" if found.get("failed") else "processing"
        status = "succeeded" if found["payment_status"] == "paid" else status
        return found | {"payment_intent": {"id": found["payment_intent"], "status": status}}

    def expire(self, key):
        found = self.sessions[key]
        if found["status"] != "open":
            raise Refused("Only open sessions can be expired.")
        found |= {"status": "expired", "url": None}
        return found

    def make_refund(self, asked, currency=None):
        of = next(each for each in self.sessions.values() if each["payment_intent"] == asked["payment_intent"])
        paid = self.intents.get(of["payment_intent"], {"amount_received": of["amount_total"]})["amount_received"]
        left = paid - sum(
            each["amount"]
            for each in self.refunds.values()
            if each["payment_intent"] == asked["payment_intent"] and each["status"] != "failed"
        )
        if int(asked["amount"]) > left:
            raise Refused("Refund amount is greater than unrefunded amount on charge.")
        found = {
            "id": f"re_{next(self.numbers)}", "object": "refund", "amount": int(asked["amount"]),
            "currency": currency or of["currency"], "status": "succeeded", "payment_intent": asked["payment_intent"],
            "metadata": {"refund": asked["metadata[refund]"]} if "metadata[refund]" in asked else {},
        }  # fmt: skip
        self.refunds[found["id"]] = found
        return found

    def refunds_of(self, payment):
        found = [each for each in self.refunds.values() if each["payment_intent"] == payment]
        return {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"}


class Refused(Exception):
    """The gateway does not do it."""


account, lock = Account(), Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = urlsplit(self.path).path
        if path.startswith("/_test/"):
            with lock:
                self.send(200, getattr(account, path[7:])(**(json.loads(body) if body else {})))
            return
        if path.startswith("/c/pay/"):
            self.show(path.removeprefix("/c/pay/"))
            return
        asked = {name: values[0] for name, values in parse_qs(body or urlsplit(self.path).query).items()}
        key = self.headers.get("Idempotency-Key", "")
        with lock:
            account.requests.append({"method": self.command, "path": path, "key": key, "asked": asked})
            fault = next((each for each in account.faults if each[0] in path), None)
            if fault:
                account.faults.remove(fault)
            what = fault[1] if fault else ""
            result: tuple[int, dict[str, object]] = 0, {}
            if isinstance(what, int):
                result = what, {"error": {"message": "It was ordered so.", "type": "api_error"}}
            elif what != "silent":
                result = self.once(path, asked, key)
        if what in ("silent", "lost"):
            self.close_connection = True
            if what == "silent":
                self.rfile.read(1)  # until the client hangs up
            return
        self.send(*result)

    def show(self, session):
        """Show the page on which a buyer pays, or take the payment, tell the shop, and send the buyer back to it."""
        with lock:
            found = account.session(session)
            asked = found["asked"]
            if self.command == "POST":
                found = account.pay(session)
        if self.command == "GET":
            page = PAGE.format(amount=found["amount_total"], currency=found["currency"], back=asked["cancel_url"])
            self.send_whole(200, "text/html", page.encode())
            return
        if account.secret:
            # Stripe tells of what is authorised before it tells of the page.
            if intent := account.intents.get(found["payment_intent"]):
                told = intent | {"latest_charge": intent["latest_charge"]["id"]}
                tell(account.shop, account.secret, "payment_intent.amount_capturable_updated", told)
            tell(account.shop, account.secret, "checkout.session.completed", found)
        self.send_whole(303, "text/plain", b"", Location=asked["success_url"])

    def once(self, path, asked, key):
        """Answer as the first time, if the key is known."""
        if key and key in account.answers:
            before, answer = account.answers[key]
            if before != asked:
                return 400, {"error": {"message": "Keys are for one question.", "type": "idempotency_error"}}
            return answer
        try:
            answer = 200, self.done(path.strip("/").split("/"), asked)
        except Refused as why:
            answer = 400, {"error": {"message": str(why), "type": "invalid_request_error"}}
        except KeyError:
            answer = 404, {"error": {"message": "No such object.", "type": "invalid_request_error"}}
        if key:
            account.answers[key] = asked, json.loads(json.dumps(answer))
        return answer

    def done(self, parts, asked):
        if parts[1:] == ["checkout", "sessions"]:
            return account.make_session(asked)
        if parts[1:3] == ["checkout", "sessions"]:
            return account.expire(parts[3]) if parts[-1] == "expire" else account.session(parts[3])
        if parts[1] == "payment_intents":
            return account.cancel(parts[2]) if parts[-1] == "cancel" else account.capture(parts[2], asked)
        return account.make_refund(asked) if self.command == "POST" else account.refunds_of(asked["payment_intent"])

    def send(self, status, told):
        self.send_whole(status, "application/json", json.dumps(told).encode())

    def send_whole(self, status, kind, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def tell(shop, secret, kind, about):
    """Tell the shop of a payment, as Stripe signs it."""
    event = {"id": f"evt_{about['id']}", "object": "event", "type": kind}
    body = json.dumps(event | {"data": {"object": about}})
    moment = int(time.time())
    mac = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={mac}"}
    with urlopen(Request(f"{shop}/payments/stripe/", body.encode(), headers), timeout=10) as answer:
        assert answer.status == 200


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)  # noqa: T201 - the test that started it reads the port
    server.serve_forever()
