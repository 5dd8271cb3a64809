"""A server that reads a call and answers a constant: what the web server itself costs."""

import json
from typing import Any

_HEADERS = [(b"content-type", b"application/json")]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer every call alike."""
    if scope["type"] == "lifespan":
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
    result = {"content": [{"type": "text", "text": "ok"}], "structuredContent": {}, "isError": False}
    answer = json.dumps({"jsonrpc": "2.0", "id": json.loads(body)["id"], "result": result}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, _length(answer)]})
    await send({"type": "http.response.body", "body": answer})


def _length(answer: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(answer)
