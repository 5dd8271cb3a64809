"""Where connections may go."""

import pytest

from shopmcp.outgoing import https_parts, is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("192.168.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("::10.0.0.1", False),
        ("64:ff9b::5db8:d70e", False),
        ("2001:0:5ef5:79fd::1", False),
        ("192.0.0.9", False),
        ("192.88.99.1", False),
        ("240.0.0.1", False),
        ("3fff::1", False),
        ("ff0e::1", False),
        ("no address", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) is public


def test_an_address_is_split_as_it_is_asked():
    assert https_parts("https://Shop.example.com/a b".replace(" ", "%20")) == ("shop.example.com", 443, "/a%20b")
    assert https_parts("https://חנות.co.il:8443/?q=א") == ("xn--9dbd1a4b.co.il", 8443, "/?q=%D7%90")


@pytest.mark.parametrize(
    "url",
    ["http://a.example", "https://u:p@a.example", "https://u@a.example", "https:///x", "https://a.example/ x", "x"],
)
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(ValueError, match="https"):
        https_parts(url)
