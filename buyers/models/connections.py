"""A buyer's consent to a client, and the codes and tokens under it. Of secrets only SHA-256 digests are kept."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractAccessToken, AbstractGrant, AbstractRefreshToken

from buyers.models.clients import Client
from buyers.models.wallet import Address, Card


class Connection(models.Model):  # type: ignore[django-manager-missing] # the toolkit's models have no types
    """What a buyer allows a client, on one of its channels. Old and new tokens under it see the current choice."""

    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="connections")
    client = models.ForeignKey(Client, models.CASCADE, related_name="connections")
    channel = models.CharField(max_length=64, blank=True)
    scopes = ArrayField(models.CharField(max_length=60), default=list)
    card = models.ForeignKey(Card, models.SET_NULL, null=True, related_name="connections")
    address = models.ForeignKey(Address, models.SET_NULL, null=True, related_name="connections")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["buyer", "client", "channel"], name="connection_once"),
        ]

    def __str__(self) -> str:
        return f"{self.client} {self.channel}".strip()


class Grant(AbstractGrant):
    """An authorization code, kept after its use so that a replay is seen. `code` holds its digest."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="grants")
    used_at = models.DateTimeField(null=True)
    family = models.UUIDField(default=uuid.uuid4)  # of the tokens that it is exchanged for

    class Meta(AbstractGrant.Meta):
        indexes = [models.Index(fields=["expires"], name="grant_age")]


class AccessToken(AbstractAccessToken):
    """An access token, valid for an hour. A refresh adds one and lets the others live."""

    id_token = None  # no OpenID Connect
    source_refresh_token = None  # one refresh token has many
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="access_tokens")
    family = models.UUIDField()

    class Meta(AbstractAccessToken.Meta):
        indexes = [
            models.Index(fields=["family"], name="access_token_family"),
            models.Index(fields=["expires"], name="access_token_age"),
        ]


class RefreshToken(AbstractRefreshToken):
    """A refresh token, valid for a year from its issue; never replaced by another."""

    access_token = None  # it has many
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="refresh_tokens")

    class Meta(AbstractRefreshToken.Meta):
        unique_together = ()  # the toolkit's lets one token live twice
        constraints = [models.UniqueConstraint(fields=["token_checksum"], name="refresh_token_once")]
