"""The channels of this process: made when a package type has something to push, kept while it goes on."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from accounts.encryption import decrypt
from applewallet.apns import QUIET, Channel, TeamKey, present, tls_context
from applewallet.models import PackageType
from applewallet.signing import signer_of

SOON = 10.0  # seconds that closing may take


@dataclass(slots=True)
class _Kept:
    channel: Channel
    version: str  # of the credential that it was made with
    used_at: float


class Channels:
    """Used by one thread at a time; the channels themselves live in an event loop, in a thread of its own."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._started: set[Future[None]] = set()

    def of(self, type_id: int, version: str) -> Channel:
        """The channel of a package type whose credential has this version.

        Raises whatever reading the credential raises: a key that no ENCRYPTION_KEYS opens, for instance.
        """
        kept = self._kept.get(type_id)
        if kept is None or kept.version != version:
            self._drop(type_id)
            kept = self._kept[type_id] = _Kept(_made_for(type_id), version, 0.0)
        kept.used_at = time.monotonic()
        return kept.channel

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine among the channels; nobody waits for it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._running())
        self._started.add(future)  # or Python might forget it before it has ended
        future.add_done_callback(self._started.discard)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="pushes", daemon=True)
            self._thread.start()
        return self._loop

    def _drop(self, type_id: int) -> None:
        kept = self._kept.pop(type_id, None)
        if kept:
            self.start(kept.channel.close())

    def drop_idle(self) -> None:
        """Close the channels that nobody has used for a while."""
        long_ago = time.monotonic() - QUIET
        for type_id in [type_id for type_id, kept in self._kept.items() if kept.used_at < long_ago]:
            self._drop(type_id)

    def close(self) -> None:
        """Close all of them; for the end of a process. What is in flight is cut off."""
        if self._loop is None or self._thread is None:
            return
        channels = [kept.channel for kept in self._kept.values()]
        self._kept.clear()
        asyncio.run_coroutine_threadsafe(_close(channels), self._loop).result(SOON)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SOON)
        self._loop.close()
        self._loop = self._thread = None


async def _close(channels: list[Channel]) -> None:
    for channel in channels:
        await channel.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _made_for(type_id: int) -> Channel:
    package_type = PackageType.objects.get(pk=type_id)
    context = tls_context()
    if package_type.encrypted_apns_key is not None:
        pem = decrypt(bytes(package_type.encrypted_apns_key))
        team_key = TeamKey(package_type.apns_key_id, package_type.team_id, pem)
        return Channel(package_type.identifier, context, team_key)
    credential = package_type.credentials.get(is_active=True)
    present(context, credential.certificate + credential.intermediate, signer_of(credential).key)
    return Channel(package_type.identifier, context)
