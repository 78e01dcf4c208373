"""Every setting, read from the environment once, loud on nonsense. docs/operators.md lists the variables."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
import structlog
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from kombu import Queue

from walletapp import settings_rules
from walletapp.redaction import redact
from walletapp.sidebar import NAVIGATION

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()  # NAME_FILE is read as well, for container secrets


def flag(name: str, *, default: bool) -> bool:
    """A variable that is true or false, and nothing else."""
    value = env.str(name, str(default)).lower()
    if value not in {"true", "false", "1", "0"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"true", "1"}


def number(name: str, default: float) -> float:
    """A variable that is a number, not below zero."""
    value = env.str(name, str(default))
    found = settings_rules.read_number(value)
    if found is None:
        raise ImproperlyConfigured(f"{name} must be a number of at least 0, not {value!r}.")
    return found


def wait(value: str) -> float:
    """One of the waits in WEBHOOK_RETRY_INTERVALS."""
    found = settings_rules.read_number(value)
    if found is None:
        raise ImproperlyConfigured(f"WEBHOOK_RETRY_INTERVALS must hold numbers of at least 0, not {value!r}.")
    return found


# --- Who we are ---------------------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY")
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS")  # Fernet keys, newest first; old ones still decrypt
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_URL).hostname])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "walletapp.exceptions.csrf_failure"
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)  # one that sets X-Forwarded-* and X-Request-ID itself
DEBUG = flag("DEBUG", default=False)

# --- Apps ---------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_filters",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "django_otp",
    "accounts",
    "shops",
    "webhooks",
    "applewallet",
    "passes",
    "orders",
    "jobs",
    "desk",
    "buyers",
    "storefront",
    "walletapp.apps.WalletAppConfig",
]

MIDDLEWARE = [
    "walletapp.metrics.RequestMetrics",
    "walletapp.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "walletapp.middleware.ForPages",
]
PAGE_MIDDLEWARE = [  # run by ForPages: not for the API
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "walletapp.exceptions.with_page_of_405",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SecondStep",
    "shops.zones.StaffTimeZone",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# The admin looks for these in MIDDLEWARE; they run all the same.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410", "security.W003", "security.W002"]

ROOT_URLCONF = "walletapp.urls"
WSGI_APPLICATION = "walletapp.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False  # the API's URLs have none

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- PostgreSQL ---------------------------------------------------------------------------------------------------

if not env.str("DATABASE_URL").startswith(("postgres://", "postgresql://")):
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres://.")  # its words may hold a password
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {
    "ENGINE": "walletapp.postgres",
    "HOST": unquote(DATABASES["default"].get("HOST") or ""),  # a socket folder is written %2Fvar%2Frun
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,  # costs nothing: see walletapp/postgres
    "OPTIONS": {
        # A server whose network has gone silent is given up within a minute, not after the system's two hours.
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"].get("OPTIONS", {}),
        # Django's None would switch even an explicit prepare=True off; so only statements that ask are prepared.
        "prepare_threshold": 10**9 if flag("DATABASE_PREPARE", default=True) else None,
        # Prepared statements are planned once: planning the order list costs more than running it. JIT likewise.
        # The rest has the server give up a client that went silent: its locks would hold others up for two hours.
        "options": env.str(
            "DATABASE_SESSION_OPTIONS",
            "-c plan_cache_mode=force_generic_plan -c jit=off -c idle_in_transaction_session_timeout=60s"
            " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
            " -c tcp_user_timeout=30s",
        ),
        "application_name": env.str("APPLICATION_NAME", "walletapp"),
    },
    "DISABLE_SERVER_SIDE_CURSORS": flag("DATABASE_BEHIND_PGBOUNCER", default=False),
}

# --- Redis or Valkey: hints, rate limits, caches. Losing it loses nothing. -------------------------------------------

REDIS_URL = env.str("REDIS_URL")
REDIS_PREFIX = env.str("REDIS_PREFIX", "walletapp")  # of every key of ours, where a Redis is shared
REDIS_TIMEOUT = 0.25  # seconds; a request never waits longer than this for a Redis that has gone away
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # staff stay signed in when Redis dies

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 0.5,
    "retry_on_timeout": False,
    # One more try, at once: kombu's own choice lets a request wait six seconds for a broker that is down.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_REDIS_SOCKET_TIMEOUT = 5
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # a lost hint costs a second, a repeated one a worker: the rows are the truth
CELERY_TASK_DEFAULT_QUEUE = "walletapp"
CELERY_TASK_PUBLISH_RETRY = False  # a request must not wait for the broker
CELERY_TASK_QUEUES = [Queue("walletapp"), Queue("webhooks"), Queue("pushes")]
CELERY_TASK_ROUTES = {
    "webhooks.tasks.*": {"queue": "webhooks"},
    "applewallet.tasks.push_due": {"queue": "pushes"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"

# --- The API --------------------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes of a body; a file in a form does not count
API_RATE_LIMIT = int(number("API_RATE_LIMIT", 6000))  # requests per token and minute; 0 switches the limit off

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["shops.authentication.BearerTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["walletapp.json.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["walletapp.json.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "walletapp.json.AlwaysJSON",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "walletapp.pagination.LaravelPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "walletapp.exceptions.answer",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "WalletApp API",
    "DESCRIPTION": (
        "A brand's shop orders, for its partners. Every call carries a bearer token with abilities. Every answer is"
        " JSON, whatever `Accept` says; every GET answers HEAD as well. The buyer wallet, for partners' OAuth clients,"
        " stands at the end. The guide with runnable calls, and how to receive webhooks, are in `docs/partners/`."
    ),
    "LICENSE": {"name": "Apache-2.0"},
    "TAGS": [
        {"name": "Shops", "description": "What the token opens."},
        {"name": "Orders", "description": "The orders of a shop."},
        {"name": "Passes", "description": "Look at passes; redeem and block them."},
        {"name": "Webhooks", "description": "Who hears of the orders."},
        {"name": "Buyer wallet", "description": "What a buyer allows a client, and the orders that a client keeps."},
    ],
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "walletapp.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "orders.models.OrderStatus",
        "ProcessingStatus": "orders.models.ProcessingStatus",
        "FulfillmentStatus": "orders.models.FulfillmentStatus",
        "RefundStatus": "orders.models.RefundStatus",
        "ReturnStatus": "orders.models.ReturnStatus",
        "PassStatus": "passes.models.PassStatus",
        "ZeroOrOne": [(0, 0), (1, 1)],
    },
}

# --- Webhooks -------------------------------------------------------------------------------------------------------

# Seconds waited before each attempt after the first; 12 calls over 70.7 hours (docs/decisions.md).
WEBHOOK_RETRY_INTERVALS = env.list(
    "WEBHOOK_RETRY_INTERVALS",
    cast=wait,
    default=[5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, 86400, 86400],
)
WEBHOOK_CONNECT_TIMEOUT = number("WEBHOOK_CONNECT_TIMEOUT", 5)
WEBHOOK_READ_TIMEOUT = number("WEBHOOK_READ_TIMEOUT", 10)
WEBHOOK_TOTAL_TIMEOUT = number("WEBHOOK_TOTAL_TIMEOUT", 15)  # of a call, from the name's look-up to the last byte
WEBHOOK_LEASE = int(number("WEBHOOK_LEASE", 45))  # seconds after which a silent worker is taken for dead
WEBHOOK_KEPT_DAYS = int(number("WEBHOOK_KEPT_DAYS", 90))  # of what was delivered; the rest is kept
WEBHOOK_CONCURRENCY = int(number("WEBHOOK_CONCURRENCY", 16))  # calls in flight per worker process
# What somebody asks us to send to an endpoint; all endpoints of a brand together may have three times as much.
WEBHOOK_TESTS_PER_MINUTE = int(number("WEBHOOK_TESTS_PER_MINUTE", 10))  # 0 switches the limit off
WEBHOOK_EXAMS_PER_HOUR = int(number("WEBHOOK_EXAMS_PER_HOUR", 10))  # likewise
# Private addresses that webhooks may reach, as networks; empty in production, loopback in the demo and the tests.
WEBHOOK_ALLOWED_NETWORKS = env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])
WEBHOOK_ALLOWED_PORTS = env.list("WEBHOOK_ALLOWED_PORTS", default=["80", "443"])  # "*" allows every port

# --- Pushes to phones -----------------------------------------------------------------------------------------------

APNS_URL = env.str("APNS_URL", "https://api.push.apple.com").rstrip("/")
APNS_CA_FILE = env.str("APNS_CA_FILE", None)  # authorities to trust there; else those that browsers trust
APNS_PUSH_TYPE = env.str("APNS_PUSH_TYPE", "background")  # the apns-push-type header; empty leaves it out
APNS_TIMEOUT = number("APNS_TIMEOUT", 15)  # seconds for one push, with a second try on a fresh connection
APNS_LEASE = int(number("APNS_LEASE", 60))  # seconds after which a silent process is taken for dead
APNS_PAUSE = number("APNS_PAUSE", 10)  # seconds between two pushes to one phone about one package type
APNS_CONCURRENCY = int(number("APNS_CONCURRENCY", 500))  # pushes in flight per process; half of them for one type
APNS_PUSHES_PER_SECOND = number("APNS_PUSHES_PER_SECOND", 200)  # per process; 0 for no limit
APNS_KEPT_DAYS = int(number("APNS_KEPT_DAYS", 14))  # of what was sent or given up

if not APNS_URL.startswith("https://"):
    raise ImproperlyConfigured("APNS_URL must begin with https://.")
if APNS_CA_FILE and not Path(APNS_CA_FILE).is_file():
    raise ImproperlyConfigured(f"APNS_CA_FILE names no file: {APNS_CA_FILE!r}.")

# --- The buyer wallet: OAuth (buyer-wallet.md §B.4) -------------------------------------------------------------------

WALLET_RATE_LIMIT = int(number("WALLET_RATE_LIMIT", 6000))  # calls per client and minute; 0 switches the limit off
WALLET_GUESS_LIMIT = int(number("WALLET_GUESS_LIMIT", 60))  # wrong credentials per address and minute; likewise

OAUTH2_PROVIDER_APPLICATION_MODEL = "buyers.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "buyers.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "buyers.AccessToken"  # noqa: S105 -- a model
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "buyers.RefreshToken"  # noqa: S105 -- likewise
OAUTH2_PROVIDER = {
    "SCOPES": {
        "uma:pay:address:read": _("your shipping address"),
        "uma:pay:credit_card:read": _("your card's kind and its last four digits"),
        "uma:pay:credit_card:read_payment_session": _("to have this card charged for what you buy"),
        "uma:pay:credit_card:read_encrypted": _("your card's number, encrypted"),
    },
    "SCOPES_BACKEND_CLASS": "buyers.scopes.ClientScopes",
    "OAUTH2_VALIDATOR_CLASS": "buyers.validator.WalletValidator",
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.WebApplicationServer",  # codes and refresh tokens, no other grants
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 300,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 31_536_000,  # from its issue, however often it is used
    "ROTATE_REFRESH_TOKEN": False,
    # Ours are bound to confidential clients and never replaced, so none can be replayed (RFC 9700 §4.14.2).
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],  # a client's own, by Client.get_allowed_schemes, are what counts
    "PKCE_REQUIRED": "buyers.scopes.pkce_required",
    "CLIENT_SECRET_HASHER": "client_sha256",
    "OIDC_ISS_ENDPOINT": PUBLIC_URL,
    # The toolkit's pages in the admin know columns that our models leave out; buyers/admin.py has our own.
    **{f"{name}_ADMIN_CLASS": "django.contrib.admin.ModelAdmin" for name in ("ACCESS_TOKEN", "REFRESH_TOKEN")},
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
}
CARD_FINGERPRINT_KEY = env.str("CARD_FINGERPRINT_KEY", None) or SECRET_KEY  # not to be changed: fingerprints would
WALLET_VAULT = env.str("WALLET_VAULT", None)  # a class that leads to the vault of real cards' numbers
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "buyers.hashers.ClientSecretHasher",  # for machines' secrets only, so never the first
]

# --- Payments -------------------------------------------------------------------------------------------------------

MOLLIE_URL = env.str("MOLLIE_URL", "https://api.mollie.com").rstrip("/")
MOLLIE_TIMEOUT = number("MOLLIE_TIMEOUT", 8)  # seconds for each step of a call

if not MOLLIE_URL.startswith(("https://", "http://127.0.0.1:")):
    raise ImproperlyConfigured("MOLLIE_URL must begin with https://.")

# --- Staff: their jobs, and how they sign in ------------------------------------------------------------------------

JOB_KEPT_DAYS = int(number("JOB_KEPT_DAYS", 7))  # of what a job wrote, and of what was uploaded for it
STAFF_SECOND_FACTOR = env.str("STAFF_SECOND_FACTOR", "optional")  # off, optional or required
STAFF_LINK_HOURS = int(number("STAFF_LINK_HOURS", 72))  # that a link to choose a password is good for
PASSWORD_RESET_TIMEOUT = STAFF_LINK_HOURS * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

if STAFF_SECOND_FACTOR not in {"off", "optional", "required"}:
    raise ImproperlyConfigured("STAFF_SECOND_FACTOR must be off, optional or required.")

# --- Mail -----------------------------------------------------------------------------------------------------------

try:
    vars().update(env.email_url("EMAIL_URL", default="consolemail://"))  # smtp+tls://user:password@host:587
except ImproperlyConfigured:
    raise ImproperlyConfigured(
        "EMAIL_URL must begin with smtp+tls://, smtp+ssl://, smtp:// or consolemail://."
    ) from None
EMAIL_TIMEOUT = 10  # seconds; a page that sends a mail waits no longer for a mail server
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "WalletApp <noreply@localhost>")

# --- Pages ----------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["walletapp.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", None)  # for collectstatic behind a proxy that serves files
WHITENOISE_USE_FINDERS = True  # serves the apps' own files without a collectstatic step
MEDIA_URL = "/media/"
MEDIA_ROOT = env.str("MEDIA_ROOT", str(BASE_DIR / "media"))

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# Unfold's Alpine.js evaluates expressions (its issues 434, 1535, 2129), so the admin alone gets a wider policy.
ADMIN_CONTENT_SECURITY_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
USE_X_FORWARDED_HOST = BEHIND_PROXY
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "WalletApp",
    "SITE_HEADER": "WalletApp",
    "SITE_SUBHEADER": "shops.zones.said_zone",
    "SITE_SYMBOL": "loyalty",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("walletapp/icon.svg")}],
    "STYLES": [lambda _request: static("walletapp/admin.css")],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Second factor"), "link": reverse_lazy("second-factor")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ],
    },
    "SCRIPTS": [lambda _request: static("walletapp/admin.js")],
    "DASHBOARD_CALLBACK": "desk.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": True,  # the key t leads there, / to the search of a list
        "navigation": NAVIGATION,
    },
}

# --- Logs: one JSON object a line on standard error, with the request's id from web to worker ------------------------

DJANGO_STRUCTLOG_CELERY_ENABLED = True
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOG_REQUESTS = LOG_LEVEL in {"DEBUG", "INFO"}

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.format_exc_info,
            ],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},  # a 404 is in the request's own line
        "django_structlog": {"level": "WARNING"},
        "celery": {"level": LOG_LEVEL},
        "celery.app.trace": {"level": "WARNING"},
        # Their lines hold push tokens and provider tokens, whatever the level of ours.
        **{name: {"level": "WARNING"} for name in ("httpx", "httpcore", "hpack", "h2", "oauthlib", "oauth2_provider")},
    },
}

settings_rules.refuse(vars())
