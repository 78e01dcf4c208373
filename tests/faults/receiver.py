"""A partner's receiver that writes each call down before it answers, so that "received" survives its own death.

python tests/faults/receiver.py --port 0 --folder FOLDER [--host ADDRESS]

FOLDER/received.jsonl is what arrived. FOLDER/mode.json is read anew for each call: an object from a path to a mode, "*"
for all others. Modes: "ok", "ok 0.05" (after so many seconds), "hang", "drip", "status 503".
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path

FOR_EVER = 60.0  # longer than any call of these tests may last
DRIPS = 1000


class Receiver:
    def __init__(self, folder):
        self.mode = folder / "mode.json"
        self.log = os.open(folder / "received.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def mode_of(self, path):
        modes = json.loads(self.mode.read_text())
        return modes.get(path, modes["*"])

    def write_down(self, caller, path, headers, body, mode):
        """One line, one write: a process that is killed leaves a whole line or none."""
        line = {
            "at": time.time(),
            "from": caller,
            "path": path,
            "id": headers["webhook-id"],
            "signed_at": int(headers["webhook-timestamp"]),
            "attempt": int(headers["wllt-attempt"]),
            "version": int(headers["wllt-order-version"]),
            "body": body.decode(),
            "mode": mode,
        }
        os.write(self.log, json.dumps(line).encode() + b"\n")

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                path, headers, body = await read(reader)
                mode, _, detail = (chosen := self.mode_of(path)).partition(" ")
                self.write_down(writer.get_extra_info("peername")[0], path, headers, body, chosen)
                await answer(writer, mode, detail)
        writer.close()


async def read(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return first.split()[1], headers, await reader.readexactly(int(headers["content-length"]))


async def answer(writer, mode, detail):
    if mode == "hang":
        await asyncio.sleep(FOR_EVER)
        raise ConnectionError
    if mode == "drip":
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(DRIPS):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.1)
    if mode == "ok" and detail:
        await asyncio.sleep(float(detail))
    status = detail if mode == "status" else "200"
    writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\n\r\nok".encode())
    await writer.drain()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    receiver = Receiver(options.folder)
    server = await asyncio.start_server(receiver.serve, options.host, options.port, backlog=512)
    sys.stdout.write(f"listening on {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
