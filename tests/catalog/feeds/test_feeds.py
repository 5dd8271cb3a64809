import gzip
import json

import pytest

from catalog.feeds import FORMATS, Record, Refused, Unreadable, open_source, read_feed


def read(tmp_path, text, format_name="auto"):
    file = tmp_path / "products"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_feed(open_source(file), format_name))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_whatever_its_delimiter_and_encoding(tmp_path, delimiter, encoding):
    lines = ["SKU,Product Name,מחיר,Colour", "a1,אורז,9.90,white", "", "a2,Rice,,"]

    assert read(tmp_path, "\n".join(lines).replace(",", delimiter).encode(encoding)) == [
        Record(2, {"sku": "a1", "name": "אורז", "price": "9.90", "options": {"Color": "white"}}),
        Record(4, {"sku": "a2", "name": "Rice"}),
    ]


def test_lines_are_counted_through_fields_that_hold_line_breaks(tmp_path):
    assert read(tmp_path, 'id,title,description\r\n1,One,"two\r\nlines"\r\n2,Two,\r\n3,Three,x,surplus\r\n') == [
        Record(2, {"sku": "1", "name": "One", "description": "two\r\nlines"}),
        Record(4, {"sku": "2", "name": "Two"}),
        Refused(5, "it has more fields than the first line has names", "3"),
    ]


def test_of_several_names_for_a_column_the_plainest_that_holds_something_wins(tmp_path):
    assert read(tmp_path, "id,sku,name,image_link,image\n1,,One,a.jpg,\n2,s2,Two,a.jpg,b.jpg\n") == [
        Record(2, {"sku": "1", "name": "One", "image": "a.jpg"}),
        Record(3, {"sku": "s2", "name": "Two", "image": "b.jpg"}),
    ]


@pytest.mark.parametrize("wrapped", ["%s", '{"products": %s}', '{"made": {"by": [1]}, "items": %s, "total": 2}'])
def test_json_is_read_with_the_line_of_each_object(tmp_path, wrapped):
    text = wrapped % '[\n {"id": 1, "title": "One",\n  "price": 9.90},\n "x",\n {"id": "b", "name": "Two"}]'

    first, second, third = read(tmp_path, text)

    assert first == Record(2, {"sku": 1, "name": "One", "price": first.fields["price"]})
    assert str(first.fields["price"]) == "9.90"
    assert (second, third) == (Refused(4, "it is not an object"), Record(5, {"sku": "b", "name": "Two"}))


def test_a_scraped_file_is_recognised_and_its_skus_come_from_the_addresses(tmp_path):
    rows = [{"name": "One", "url": "one--i7"}, {"name": "Two", "url": "two"}, {"name": "Three", "url": "three-i9?x=1"}]

    assert read(tmp_path, json.dumps({"products": rows})) == [
        Record(1, {"name": "One", "url": "one--i7", "sku": "i7"}),
        Refused(1, "its address does not end in a number such as i281"),
        Record(1, {"name": "Three", "url": "three-i9?x=1", "sku": "i9"}),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        (b"\xff\xfe\x00", "not text in utf-16"),
        (b"sku,name\n1,\x81\x8d", "not UTF-8"),
        (b"sku,name\n1,\xe0\xe1\x00", "not UTF-8"),
        ("just a sentence.", "none of the formats"),
        ("sku,price\n1,2\n", "no column"),
        ("[", "not JSON"),
        ('[{"id": 1}', "not JSON"),
        ('[{"id": 1},]', "not JSON"),
        ('[{"id": 1}] and more', "not JSON"),
        ('{"products": [{"id": 1}], ', "not JSON"),
        ('{"products": {"a": 1}}', "no list of products"),
        ("{1: 2}", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, text, words):
    with pytest.raises(Unreadable, match=words):
        read(tmp_path, text)


def test_a_number_that_is_none_does_not_make_the_file_unreadable(tmp_path):
    first, second = read(tmp_path, '[{"id": "a", "title": "One", "price": NaN}, {"id": "b", "title": "Two"}]')

    assert first.fields["price"].is_nan()
    assert second == Record(1, {"sku": "b", "name": "Two"})


def test_json_of_many_pieces_keeps_its_values_and_lines(tmp_path):
    values = [{"id": number, "title": "שם " * (number % 50)} for number in range(3000)]

    found = read(tmp_path, json.dumps(values, indent=1, ensure_ascii=False))

    assert [(entry.line, entry.fields["sku"]) for entry in found] == [(2 + 4 * n, n) for n in range(3000)]
    assert [entry.fields.get("name") for entry in found[:3]] == [None, "שם ", "שם " * 2]


@pytest.mark.parametrize("text", ['["%s"]', '{"note": "%s", "products": []}'])
def test_an_entry_far_over_8_mb_is_refused(tmp_path, text):
    with pytest.raises(Unreadable, match="more than 8 MB"):
        read(tmp_path, text % ("x" * 17 * 1024 * 1024))


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(Unreadable, match="no file"):
            open_source(path)


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("catalog.feeds.source.LARGEST_FILE", 10)

    with pytest.raises(Unreadable, match="larger"):
        read(tmp_path, "sku,name\n1,One\n")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_can_be_insisted_on(tmp_path, name):
    with pytest.raises(Unreadable):
        read(tmp_path, "nothing of the kind", name)


@pytest.mark.parametrize(
    ("begin", "what", "todo"),
    [
        (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml", "an Excel workbook", "CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "an Excel workbook", "CSV"),
        (b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet", "CSV"),
        (b"PK\x03\x04..Index/Document.iwa", "a Numbers spreadsheet", "CSV"),
        (b"PK\x03\x04..products.csv..", "an archive", "Unpack"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "an archive", "Unpack"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF", "CSV"),
        (b"\x89PNG\r\n\x1a\n\x00", "a picture", "CSV"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture", "CSV"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a web page", "address of the feed itself"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_is_no_product_file_is_called_by_its_name_with_what_to_do(tmp_path, begin, what, todo, packed):
    with pytest.raises(Unreadable, match=f"products is {what}") as refusal:
        read(tmp_path, gzip.compress(begin) if packed else begin)

    assert todo in refusal.value.fix
