"""The running server counts by itself."""

COUNTED = """
from time import monotonic, sleep
from analytics.models import Tally
until = monotonic() + 20
while not (found := list(Tally.objects.filter(grain="day", everybody=True, kind="stage").values_list("name", "count"))):
    assert monotonic() < until
    sleep(0.1)
print("COUNTED", sorted(found))
"""


def test_a_call_is_in_the_numbers_soon_and_nobody_asked_for_it(own_shop):
    server = own_shop("--demo")

    server.call_tool("get_product", product_id="demo:HO-005", meta={"openai/session": "one"})

    assert "COUNTED [('searched', 1), ('viewed', 1)]" in server.manage("shell", "-c", COUNTED).stdout
