"""A shop that is paid by the gateway process, which speaks Stripe's HTTP, and events as Stripe signs them."""

import hashlib
import hmac
import json
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest

from orders.payments import stripe as module
from tests.live import ROOT

SECRET = "whsec_of_the_tests"


class Gateway:
    """The process, and what a test asks of it."""

    def __init__(self):
        command = [sys.executable, "-m", "tests.stripe_gateway"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.base = f"http://127.0.0.1:{self.port}"

    def _do(self, name, **given):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", f"/_test/{name}", json.dumps(given))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def reset(self):
        self._do("reset")

    def show_pages(self, shop, secret=""):
        self._do("show_pages", base=self.base, shop=shop, secret=secret)

    def fault(self, path, what, times=1):
        self._do("fault", path=path, what=what, times=times)

    def pay(self, session, **given):
        return self._do("pay", session=session, **given)

    def fail_debit(self, session):
        return self._do("fail_debit", session=session)

    def end_soon(self, intent, details):
        return self._do("end_soon", intent=intent, details=details)

    def end_intent(self, intent):
        return self._do("end_intent", intent=intent)

    def capture_by_hand(self, intent, amount):
        return self._do("capture_by_hand", intent=intent, amount=amount)

    def end_refund(self, refund, status):
        return self._do("end_refund", refund=refund, status=status)

    def refund_by_hand(self, payment, amount, currency="ils"):
        return self._do("refund_by_hand", payment=payment, amount=amount, currency=currency)

    @property
    def sessions(self):
        return self._do("look")["sessions"]

    @property
    def intents(self):
        return self._do("look")["intents"]

    @property
    def captures(self):
        """What was asked for to be taken."""
        return [each for each in self.requests if each["path"].endswith("/capture")]

    @property
    def refunds(self):
        return self._do("look")["refunds"]

    @property
    def requests(self):
        return self._do("look")["requests"]

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="session")
def gateway_process():
    gateway = Gateway()
    yield gateway
    gateway.end()


@pytest.fixture
def gateway(gateway_process, settings, monkeypatch):
    """An empty account at the gateway, which takes the payments of every store."""
    gateway_process.reset()
    settings.SHOPMCP_PAYMENTS = ["stripe"]
    settings.STRIPE_SECRET_KEY = "sk_live_of_the_tests"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_BASE = gateway_process.base
    monkeypatch.setattr(module, "PATIENCE", (2.0, 0.5))
    return gateway_process


@pytest.fixture
def tell(client):
    """Send an event as Stripe does."""

    def tell(kind, about, *, event="evt_1", secret=SECRET, age=0, body=None, signature=None):
        told = {"id": event, "object": "event", "type": kind, "data": {"object": about}}
        body = body or json.dumps(told)
        moment = int(time.time()) - age
        mac = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={moment},v1={mac}" if signature is None else signature}
        return client.post("/payments/stripe/", body, content_type="application/json", headers=headers)

    return tell
