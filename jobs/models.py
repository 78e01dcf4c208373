"""A job, the files that go in and come out, and what it says of single rows."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shops.models import Brand, BrandOwned


class JobKind(models.TextChoices):
    """What a job does."""

    EXPORT = "export", _("Export")
    CHECK = "check", _("Check of a member file")
    IMPORT = "import", _("Import of members")
    STEPS = "steps", _("Step with many orders")


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")


ALIVE = (JobState.QUEUED, JobState.RUNNING)


class Job(BrandOwned):
    """Work that somebody of a brand's team started. The row is the truth: whoever holds its lease works on it.

    A worker takes a job with a `token` until `leased_until`, and writes under that token only. Whose lease has ended
    was killed: the next worker takes the job up again, where `position` says or from the start.
    """

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=JobKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs", verbose_name=_("started by")
    )
    parameters = models.JSONField(default=dict, help_text=_("What was asked for."))
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    done = models.PositiveIntegerField(_("rows done"), default=0)
    total = models.PositiveIntegerField(_("rows in all"), null=True)
    position = models.BigIntegerField(default=0, help_text=_("The key of the last row that was dealt with."))
    outcome = models.JSONField(default=dict, help_text=_("Counts, and what the page shows."))
    error = models.CharField(_("why it failed"), max_length=500, blank=True)
    file_name = models.CharField(_("file"), max_length=150, blank=True, help_text=_("Of the result; empty: none."))
    follows = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="followed_by", help_text=_("The check of what is imported.")
    )
    token = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was taken up."))
    created_at = models.DateTimeField(_("started"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    emptied_at = models.DateTimeField(_("files deleted"), null=True, editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="jobs", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="job_brand_id"),  # target of composite keys
            models.CheckConstraint(
                condition=Q(state="running", token__isnull=False, leased_until__isnull=False)
                | (~Q(state="running") & Q(token=None, leased_until=None)),
                name="job_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at=None)
                | (~Q(state__in=["queued", "running"]) & Q(finished_at__isnull=False)),
                name="job_finished_or_not",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="job_alive", condition=Q(state__in=["queued", "running"])),  # take
            models.Index(fields=["finished_at"], name="job_to_empty", condition=Q(emptied_at=None)),  # forget_files
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_alive(self) -> bool:
        """Whether it waits or is under way."""
        return self.state in ALIVE

    @property
    def percent(self) -> int:
        """How far it is, from 0 to 100."""
        if self.state == JobState.DONE:
            return 100
        return min(self.done * 100 // self.total, 100) if self.total else 0


class Part(models.TextChoices):
    """Which file of a job a chunk belongs to."""

    UPLOAD = "upload", _("Upload")
    RESULT = "result", _("Result")


class JobChunk(BrandOwned):
    """A piece of a file. Files lie in the database: every web and worker process sees them, and no URL leads to one."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks")
    part = models.CharField(max_length=6, choices=Part)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="job_chunks")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "part", "number"], name="job_chunk_once")]

    def __str__(self) -> str:
        return f"{self.part} {self.number}"


class JobLine(BrandOwned):
    """What a job says of one row: what is wrong with it, or what became of it."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="lines")
    row = models.BigIntegerField(_("row"), help_text=_("In the file, its header being 1; or the order's number."))
    column = models.CharField(_("column"), max_length=40, blank=True)
    text = models.CharField(_("what is said"), max_length=300)
    is_problem = models.BooleanField(default=True)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="job_lines")

    class Meta:
        indexes = [models.Index(fields=["job", "is_problem", "id"], name="job_line_of_job")]

    def __str__(self) -> str:
        return f"{self.row}: {self.text}"
