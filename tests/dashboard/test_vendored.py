import hashlib
import json

from django.conf import settings

VENDOR = settings.BASE_DIR / "static" / "vendor"


def test_what_is_not_ours_is_what_the_manifest_says_with_its_licence():
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.glob("*/*") if path.name != "LICENSE"}

    assert set(manifest) == files
    for name, entry in manifest.items():
        content = (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert b"sourceMappingURL" not in content
        assert (VENDOR / name).with_name("LICENSE").is_file()
        assert entry["version"]
        assert entry["licence"]
