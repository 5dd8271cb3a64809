"""Asking the JSON API as a script does."""

import json

from accounts.services import create_key


class Script:
    """A script with a key. Give `key=""` to ask without one."""

    def __init__(self, client, key):
        self._client, self.key = client, key
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path, status=200, **query):
        return self._asked("get", path, status, query)

    def delete(self, path, status=204):
        return self._asked("delete", path, status)

    def patch(self, path, body, status=200):
        text = body if isinstance(body, str) else json.dumps(body)
        return self._asked("patch", path, status, text, content_type="application/json")

    def post(self, path, body, status=200):
        return self._asked("post", path, status, json.dumps(body), content_type="application/json")

    def walk(self, path, name, **query):
        """The rows of all pages."""
        rows, cursor = [], ""
        while True:
            page = self.get(path, cursor=cursor, **query)
            rows += page[name]
            if not (cursor := page["next_cursor"]):
                return rows

    def _asked(self, method, path, status, data=None, **options):
        self.answer = getattr(self._client, method)(f"/api/{path}", data, headers=self._headers, **options)
        assert self.answer.status_code == status, self.answer.text
        if not self.answer.content:
            return None
        found = self.answer.json()
        if status >= 400:
            assert set(found) == {"error"}
            assert set(found["error"]) == {"code", "message", "fix"}
            assert all(found["error"].values())
            return found["error"]
        return found


def script(client, **options):
    """A script with a new key; the key was used just now, so that using it notes nothing."""
    _, key = create_key("test", **options)
    found = Script(client, key)
    found.get("health")
    return found
