"""The receiver behind TLS, as many different hosts: each a loopback address with a certificate of its own.

python -m bench.support.tls_receiver FOLDER HOSTS writes certificates to FOLDER and prints {trusted, urls, stranger}.
A line that it reads it answers with {handshakes}: how many full TLS handshakes there were since the last one.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from bench.support.certificates import make_certificates
from bench.support.receiver import Receiver


class TLSReceiver(Receiver):
    """One connection, whose handshake is over when it is made."""

    handshakes = 0

    def connection_made(self, transport: Any) -> None:
        """Count it, unless the client took up an earlier session."""
        super().connection_made(transport)
        TLSReceiver.handshakes += not transport.get_extra_info("ssl_object").session_reused


def addresses_of(hosts: int) -> list[str]:
    """So many addresses of the loopback network."""
    return [f"127.1.{at // 250}.{at % 250 + 1}" for at in range(hosts)]


async def listen(address: str, port: int, certificate: Path) -> int:
    """Serve one host; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(TLSReceiver, address, port, ssl=context)
    return int(server.sockets[0].getsockname()[1])


def tell() -> None:
    """Answer a line with the handshakes since the last one."""
    if sys.stdin.readline():
        print(json.dumps({"handshakes": TLSReceiver.handshakes}), flush=True)
        TLSReceiver.handshakes = 0


async def main() -> None:
    """Serve until ended."""
    folder, addresses, stranger = Path(sys.argv[1]), addresses_of(int(sys.argv[2])), "127.2.0.1"
    trusted = make_certificates(folder, addresses, stranger=stranger)
    urls, port = {}, 0
    for address in [*addresses, stranger]:
        port = await listen(address, port, folder / f"{address}.pem")
        urls[address] = f"https://{address}:{port}"
    refused = urls.pop(stranger)
    asyncio.get_running_loop().add_reader(sys.stdin, tell)
    print(json.dumps({"trusted": str(trusted), "urls": list(urls.values()), "stranger": refused}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
