"""A mail server of the tests' own, on loopback."""

import asyncio
from threading import Thread

from aiosmtpd.smtp import SMTP


class MailServer:
    """Keeps what it receives. `answers` maps a verb, or a recipient's address, to what is answered instead."""

    def __init__(self):
        self.mails: list[str] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def start(self):
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 ok")

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 ok")

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.mails.append(envelope.content.decode())
        return "250 accepted"

    async def handle_QUIT(self, server, session, envelope):
        return self.answers.get("QUIT", "221 bye")

    async def _serve(self):
        return await self._loop.create_server(self._connected, "127.0.0.1", 0)

    def _connected(self):
        self.connections += 1
        return SMTP(self, hostname="mail.example.com", loop=self._loop, enable_SMTPUTF8=False)

    async def _end(self):
        self._server.close()
        await self._server.wait_closed()
        # The connections that clients have left.
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
