"""Dutch: 22 november 2026; 22 nov 2026, 14:05."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j b Y, H:i"  # b: months without a capital
MONTH_DAY_FORMAT = "j F"
