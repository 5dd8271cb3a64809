import pytest

from shopmcp.static import make_static_ready


@pytest.fixture
def own_static(settings, tmp_path):
    """A project whose only static file is one stylesheet, collected as in production."""
    (tmp_path / "source").mkdir()
    file = tmp_path / "source" / "a.css"
    file.write_text("a { color: red }")
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATICFILES_DIRS = [tmp_path / "source"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    return file


def test_static_files_are_collected_once_and_again_when_one_changes(own_static, settings):
    assert make_static_ready() is True
    assert make_static_ready() is False

    own_static.write_text("a { color: darkgreen }")
    assert make_static_ready() is True
    assert (settings.STATIC_ROOT / "a.css").read_text() == "a { color: darkgreen }"
    assert len(list(settings.STATIC_ROOT.glob("a.*.css"))) == 2


def test_an_interrupted_collection_is_done_again(own_static, settings, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr("shopmcp.static.call_command", fail)
        make_static_ready()

    assert make_static_ready() is True


def test_a_collection_that_a_power_cut_emptied_is_done_again(own_static, settings):
    make_static_ready()
    for file in settings.STATIC_ROOT.iterdir():
        file.write_bytes(b"")
    settings.STORAGES = {**settings.STORAGES}  # as in a new process, which reads the manifest anew

    assert make_static_ready() is True
    assert len(list(settings.STATIC_ROOT.glob("a.*.css"))) == 1
    assert all(file.stat().st_size for file in settings.STATIC_ROOT.iterdir())
