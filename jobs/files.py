"""A job's files: in pieces in the database, so that neither writing nor reading one fills the memory."""

import tempfile
from collections.abc import Iterator
from typing import IO

from jobs.models import Job, JobChunk, Part

PIECE = 128 * 1024  # bytes


def keep(job: Job, part: Part, file: IO[bytes]) -> None:
    """Store what `file` holds from its beginning, instead of what was there."""
    chunks = job.brand.job_chunks
    chunks.filter(job=job, part=part).delete()
    file.seek(0)
    for number, content in enumerate(iter(lambda: file.read(PIECE), b"")):
        chunks.create(job=job, part=part, number=number, content=content)


def pieces(job: Job, part: Part) -> Iterator[bytes]:
    """What was stored, piece by piece."""
    number = 0
    found: JobChunk | None
    while found := job.brand.job_chunks.filter(job=job, part=part, number=number).first():
        yield bytes(found.content)
        number += 1


def opened(job: Job, part: Part) -> IO[bytes]:
    """What was stored, as a file on this machine that goes when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller closes it
    for piece in pieces(job, part):
        file.write(piece)
    file.seek(0)
    return file
