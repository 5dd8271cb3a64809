"""Reading and rewriting backups."""

import json
from zipfile import ZIP_DEFLATED, ZipFile

WITHOUT_SIGN_INS = {"auth.user"}  # restoring spends sign-in links


def chat(name):
    return {"openai/session": name}


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def tables(backup):
    """What a backup holds of each table, but for what a restore changes."""
    with ZipFile(backup) as archive:
        found = json.loads(archive.read("manifest.json"))["tables"]
    return {name: stored for name, stored in found.items() if name not in WITHOUT_SIGN_INS}


def rewritten(backup, to, change):
    """Copy a backup, with `change` applied to its files, a dictionary by name."""
    with ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with ZipFile(to, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return to
