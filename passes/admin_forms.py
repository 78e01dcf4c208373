"""The form of a coupon: what would go wrong only later is refused where it is typed."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from applewallet.chosen import check_picture
from shops.brand_admin import BrandForm

MOST_DAYS = 36_500
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class CouponForm(BrandForm):
    """What the shop sells. A picture that was chosen can be shown before it is kept."""

    shown: str | None = None  # a small copy of it, as a data URI

    def clean_image(self) -> Any:
        """One that Wallet can be given."""
        image = self.cleaned_data["image"]
        if isinstance(image, UploadedFile):
            self.shown = check_picture(image)
        return image

    def clean_valid_days(self) -> int | None:
        """No more than a date can hold, and a person."""
        days: int | None = self.cleaned_data["valid_days"]
        if days is not None and days > MOST_DAYS:
            raise ValidationError(_("%d days at most.") % MOST_DAYS)
        return days

    def clean_valid_until(self) -> datetime | None:
        """A date that every time zone has."""
        end: datetime | None = self.cleaned_data["valid_until"]
        if end is not None and not FIRST <= end < LAST:
            raise ValidationError(_("Choose a day between the years 2000 and 2200."))
        return end
