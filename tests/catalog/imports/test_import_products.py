import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.models import ImportRun, Product, Store
from catalog.search.query import Search
from catalog.search.searching import search

SCRAPED = Path(__file__).parents[1] / "fixtures" / "scraped.json"
BASE = "https://mill.example.com/"


@pytest.fixture
def run(db, capsys, tmp_path):
    """Run the command on a text, as a file, and return what it printed."""

    def run(text, *arguments):
        file = tmp_path / "products.csv"
        file.write_text(text)
        call_command("import_products", str(file), *arguments)
        return capsys.readouterr().out

    return run


def test_the_summary_counts_and_names_each_refused_line(run):
    assert run("sku,name,price\na,Rice,9.90\nb,Rye,-1\n,Dates,5\n", "--currency", "ILS") == (
        "shop: 1 created, 0 changed, 0 unchanged, 0 withdrawn, 2 refused\n"
        "  line 3 (b): its price is negative\n"
        "  line 4: it has no SKU\n"
    )


def test_a_dry_run_says_so_and_changes_nothing(run):
    printed = run("sku,name,price\na,Rice,1 ILS\n", "--dry-run", "--store", "new")

    assert printed == (
        "new: 1 created, 0 changed, 0 unchanged, 0 withdrawn, 0 refused\nThis was a dry run: nothing was changed.\n"
    )
    assert not Store.objects.exists()


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("sku,name,price\na,Rice,9.90\n", (), True),
        ("sku,name,price\na,Rice,$9.90\n", (), True),
        ("sku,name,price\na,Rice,9.90\n", ("--currency", "ils"), False),
        ("sku,name,price\na,Rice,9.90 USD\nb,Rye,8\n", (), True),
        ("sku,name,price\na,Rice,9.90 USD\n", (), False),
        ("sku,name,price,currency\na,Rice,9.90,EUR\n", (), False),
        ("sku,name,price\na,Rice,\n", ("--allow-unpriced",), False),
    ],
)
def test_a_currency_that_nobody_named_is_told_at_a_stores_first_import(run, text, arguments, told):
    first, again = run(text, *arguments), run(text)

    assert ("prices that name none count as ILS" in first and "--currency" in first) is told
    assert "prices that name none" not in again
    assert (ImportRun.objects.earliest("id").details["assumed_currency"] == "ILS") is told


def test_a_new_store_sells_in_the_currency_that_all_of_its_prices_name(run):
    file = "sku,name,price\na,Rice,9.90 USD\nb,Rye,\n"
    run(file)

    assert Store.objects.get().currency == "USD"
    assert set(Product.objects.values_list("currency", flat=True)) == {"USD"}
    assert "2 unchanged" in run(file)


@pytest.mark.parametrize("arguments", [(), ("--currency", "ILS")])
def test_a_store_keeps_its_currency_whatever_a_later_file_names(run, arguments):
    run("sku,name,price\na,Rice,9.90\n", *arguments)
    run("sku,name,price\na,Rice,9.90 USD\n")

    assert Store.objects.get().currency == "ILS"
    assert Product.objects.get().currency == "USD"


def test_whoever_stops_reading_the_report_ends_no_import(tmp_path):
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price\na,Rice,1\n" + "a,Again,1\n" * 3000)
    command = (sys.executable, "manage.py", "import_products", str(file))
    environment = {**os.environ, "SHOPMCP_DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[3], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline().startswith(b"shop: 1 created")
        process.stdout.close()
        assert process.stderr.read() == b""

    assert process.returncode == 0


def test_relative_addresses_without_a_base_are_told(run):
    assert "1 product has a relative address" in run("sku,name,price,url\na,Rice,1,p/1\n")


def test_the_options_reach_the_store(run):
    run(
        "sku,name,price,url\na,Rice,1,p/1\n",
        "--store",
        "kiosk",
        "--currency",
        "usd",
        "--base-url",
        BASE,
        "--format",
        "csv",
    )

    product = Product.objects.select_related("store").get()
    assert (product.public_id, product.currency, product.url) == ("kiosk:a", "USD", f"{BASE}p/1")
    assert product.store.base_url == BASE


@pytest.mark.parametrize(("text", "arguments"), [("[", ()), ("sku,name\na,Rice\n", ("--store", "Not A Slug"))])
def test_what_cannot_be_done_ends_with_exit_code_1_and_changes_nothing(run, text, arguments):
    with pytest.raises(CommandError, match=r"Nothing was changed\.") as error:
        run(text, *arguments)

    assert error.value.returncode == 1
    assert not Store.objects.exists()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_gets_a_progress_bar_and_a_log_does_not(db, tmp_path, monkeypatch, capsys, terminal):
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price\n" + "".join(f"{n},Product {n},1\n" for n in range(10)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)

    call_command("import_products", str(file))

    printed = capsys.readouterr()
    assert "10 created" in printed.out
    assert ("Saving" in printed.err) is terminal


def test_a_scraped_shop_is_imported_whole_and_again_without_a_change(db, capsys):
    arguments = [str(SCRAPED), "--store", "mill", "--currency", "ILS", "--base-url", BASE]
    call_command("import_products", *arguments)
    call_command("import_products", *arguments)

    assert capsys.readouterr().out == (
        "mill: 77 created, 0 changed, 0 unchanged, 0 withdrawn, 0 refused\n"
        "mill: 0 created, 0 changed, 77 unchanged, 0 withdrawn, 0 refused\n"
    )
    source = json.loads(SCRAPED.read_text())["products"]
    bulgur = Product.objects.select_related("store").get(public_id="mill:i101")
    assert bulgur.name == source[0]["name"]
    assert (bulgur.url, bulgur.image) == (BASE + source[0]["url"], BASE.rstrip("/") + source[0]["image"])
    assert str(bulgur.price_shown and bulgur.price_shown.formatted) == "8.90 ₪"
    assert Product.objects.for_sale().count() == 77

    def names(query):
        return {product.name for product in search(Search(query), limit=50).products}

    assert names("קינואה") == {entry["name"] for entry in source if "קינואה" in entry["name"]}
    assert len(names("קינואה")) == 8
    assert names("ק״ג") == names('ק"ג') >= {entry["name"] for entry in source if 'ק"ג' in entry["name"]}
