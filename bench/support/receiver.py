"""A receiver of webhooks that costs little: it answers 200 to everything and keeps the time of each body's order.

A path that begins with `/after/N/` is answered after N milliseconds. `GET /times` answers with {order: seconds since
1970} and forgets them. It prints its port.
"""

import asyncio
import re
import time
from typing import Any

import orjson

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
DELAY = re.compile(rb"post /after/(\d+)/")


class Receiver(asyncio.Protocol):
    """One connection."""

    times: dict[str, float] = {}

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport
        self.data = b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
            if body:
                self.times.setdefault(orjson.loads(body)["order_id"], time.time())
                self._answer(DELAY.match(head))
            else:
                self.transport.write(self._told())

    def _answer(self, delay: "re.Match[bytes] | None") -> None:
        if delay is None:
            self.transport.write(ANSWER)
        else:
            asyncio.get_running_loop().call_later(int(delay[1]) / 1000, self.transport.write, ANSWER)

    def _told(self) -> bytes:
        body = orjson.dumps(self.times)
        self.times.clear()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def main() -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
