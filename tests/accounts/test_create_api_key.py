"""`manage.py create_api_key`."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiKey
from accounts.services import find_key

pytestmark = pytest.mark.django_db


def test_the_key_alone_is_on_standard_output(capsys):
    call_command("create_api_key", "reports")

    output = capsys.readouterr().out
    record = find_key(output.strip())
    assert output == output.strip() + "\n"
    assert record is not None
    assert (record.name, record.read_only, record.expires_at) == ("reports", False, None)


def test_a_key_may_be_read_only_and_good_for_a_time(capsys):
    call_command("create_api_key", "reports", "--read-only", "--expires", "90d")

    printed = capsys.readouterr()
    record = find_key(printed.out.strip())
    assert record is not None
    assert record.read_only
    assert record.expires_at is not None
    assert (record.expires_at - record.created_at).days == 90
    assert f"{record.expires_at:%Y-%m-%d}" in printed.err


@pytest.mark.parametrize(
    "arguments", [[""], ["two\nlines"], ["reports", "--expires", "soon"], ["reports", "--expires=0d"]]
)
def test_what_makes_no_sense_makes_no_key(arguments):
    with pytest.raises(CommandError):
        call_command("create_api_key", *arguments)

    assert not ApiKey.objects.exists()
