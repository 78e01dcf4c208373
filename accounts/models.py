"""The user: an e-mail address that can sign in."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin

from accounts.outgoing import Outgoing


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is the name, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password they sign in by other means."""
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user who may do everything in every brand."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by e-mail address, as the sign-in form does."""
        return self.get(email__lower=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing] # of models without types
    """Somebody who can sign in."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(_("may open the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    def get_short_name(self) -> str:
        """How a page greets this person."""
        return self.name or self.email

    def get_full_name(self) -> str:
        """How a log names this person."""
        return self.name or self.email


class SecondFactor(ThrottlingMixin, Device):
    """A user's app for codes (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). Its secret is encrypted at rest.

    django-otp's own device keeps it in the clear; what it does besides, slowing guesses down and tying a session to
    the device that was asked, it does here too.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor", verbose_name=_("user"))
    encrypted_secret = models.BinaryField(editable=False)
    last_step = models.BigIntegerField(default=-1, help_text=_("Of the last code taken: none is good twice."))
    created_at = models.DateTimeField(_("set up"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.user)

    def get_throttle_factor(self) -> int:
        """Seconds to wait after the first wrong code; they double with each further one."""
        return 1


class RecoveryCode(models.Model):
    """Opens the second step once, for whoever lost their phone. Only its SHA-256 is kept: it has 80 random bits."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes", verbose_name=_("user"))
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(_("used"), null=True, editable=False)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.pk}"


class SignInTry(models.Model):
    """How often signing in failed, for an e-mail address or an IP address, since `started_at`.

    The key is a digest: people type passwords where addresses belong.
    """

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")
        indexes = [models.Index(fields=["started_at"], name="sign_in_try_age")]  # forget_tries

    def __str__(self) -> str:
        return self.key


class LinkMail(Outgoing):
    """A link to choose a password that is to be mailed. A worker sends it, so that no page tells who has an account."""

    class Kind(models.TextChoices):
        """Why."""

        INVITED = "invited", _("Invited to a team")
        FORGOTTEN = "forgotten", _("Forgot the password")

    user = models.ForeignKey(User, models.CASCADE, related_name="link_mails", verbose_name=_("user"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    team = models.CharField(_("team"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=5, default="en")

    class Meta:
        verbose_name = _("link by mail")
        verbose_name_plural = _("links by mail")
        indexes = [models.Index(fields=["due_at"], name="link_mail_due", condition=Q(state="pending"))]  # send_due

    def __str__(self) -> str:
        return f"{self.kind} {self.user}"
