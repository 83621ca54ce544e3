"""Settings of the web server, the job worker and the commands. What differs between places comes from the environment.

docs/operations.md lists every variable. Nothing that protects anything has a default here: without its keys the program
refuses to start and says which one is missing.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from fenqi.config import environment
from fenqi.config.databases import database_settings
from fenqi.config.logs import logging_settings

PACKAGE = Path(__file__).resolve().parent.parent
INTERFACES = PACKAGE / "interfaces"
DATA_FOLDER = environment.data_folder()

SECRET_KEY = environment.required_text("FENQI_SECRET_KEY", purpose="signs sessions and links")
SECRET_KEY_FALLBACKS = environment.words("FENQI_OLD_SECRET_KEYS")
# What personal data is encrypted with: the first key writes, all of them read.
FENQI_PII_KEYS = environment.required_words("FENQI_PII_KEYS", purpose="encrypts personal data")
# What a phone number is hashed with to be found again; changing it means hashing all of them anew.
FENQI_INDEX_KEY = environment.required_text("FENQI_INDEX_KEY", purpose="finds customers by phone")

DEBUG = environment.flag("FENQI_DEBUG", default=False)
TLS = environment.flag("FENQI_TLS", default=True)
ALLOWED_HOSTS = environment.words("FENQI_HOSTS", "localhost,127.0.0.1,[::1]")
FENQI_PUBLIC_URL = environment.text("FENQI_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
FENQI_SANDBOX_URL = environment.text("FENQI_SANDBOX_URL").rstrip(
    "/"
)  # where pages point to sandbox messages; empty: none
CSRF_TRUSTED_ORIGINS = environment.words("FENQI_ORIGINS", FENQI_PUBLIC_URL)

INSTALLED_APPS = [
    "fenqi.records",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "django_htmx",
    "csp",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "fenqi.config.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "fenqi.config.urls"
WSGI_APPLICATION = "fenqi.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [INTERFACES / room / "templates" for room in ("portal", "console", "shared")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
            "libraries": {
                "fenqi_ui": "fenqi.interfaces.shared.ui_tags",
                "console_words": "fenqi.interfaces.console.tags",
                "portal_help": "fenqi.interfaces.portal.tags",
            },
        },
    },
]

# ---- storage

DATABASES = {"default": database_settings(environment.required_text("DATABASE_URL", purpose="names the database"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Photos and videos of after-sales: never served as files, pages hand out what their reader may see.
FENQI_EVIDENCE_FOLDER = Path(environment.text("FENQI_EVIDENCE_FOLDER") or DATA_FOLDER / "evidence").expanduser()

# Files that jobs make for one reader, such as all records of an order: kept for some days, never served as files.
FENQI_FILES_FOLDER = Path(environment.text("FENQI_FILES_FOLDER") or DATA_FOLDER / "files").expanduser()
# PEM of a private key and its certificate: signs the archives that customers and staff keep. Empty: none are made.
FENQI_RECORDS_SIGNER = environment.text("FENQI_RECORDS_SIGNER").replace("\\n", "\n")

# ---- signing in

AUTH_USER_MODEL = "records.Account"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_CALLABLE = "fenqi.interfaces.console.sign_in.locked_out"
AXES_VERBOSE = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"  # a consumer who comes back from a cashier is still signed in
SESSION_COOKIE_SECURE = TLS
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_SECURE = TLS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = TLS
LANGUAGE_COOKIE_SAMESITE = "Lax"

# ---- what a browser is told to refuse

SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked for by the machine beside us, without TLS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # the preload list is for the owner of the domain to decide
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("FENQI_BEHIND_PROXY", default=False) else None
)
# Whose X-Forwarded-For is believed; empty: nobody's, and who calls is who opened the connection.
FENQI_TRUSTED_PROXIES = environment.networks("FENQI_TRUSTED_PROXIES")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Browsers hold redirects after a form to this list too, and confirming a repayment leads to a cashier.
        "form-action": [
            SELF,
            *environment.words("FENQI_CASHIER_ORIGINS", "https://*.alipay.com,https://wx.tenpay.com"),
        ],
        "upgrade-insecure-requests": TLS,
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# What is uploaded goes to a file while it comes, never to memory, and stops at these bounds.
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FENQI_UPLOAD_MOST_BYTES = environment.whole_number("FENQI_UPLOAD_MOST_MB", 160, least=1) * 1024 * 1024  # one request
FILE_UPLOAD_HANDLERS = ["fenqi.interfaces.shared.uploads.BoundedUpload"]
FILE_UPLOAD_PERMISSIONS = 0o600

# ---- languages and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [INTERFACES / room / "locale" for room in ("portal", "console", "shared")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # of what is stored; the mall's days are counted in the next
FENQI_TIME_ZONE = environment.text("FENQI_TIME_ZONE", "Asia/Shanghai")
# In a rehearsal against the sandbox time may be let pass; with real counterparties the clock is the machine's.
FENQI_CLOCK_AHEAD = timedelta(seconds=environment.whole_number("FENQI_CLOCK_AHEAD_SECONDS", 0))
if FENQI_CLOCK_AHEAD and not FENQI_SANDBOX_URL:
    raise environment.SettingMalformed(name="FENQI_CLOCK_AHEAD_SECONDS", expected="0, unless FENQI_SANDBOX_URL is set")

# ---- the mall

FENQI_MALL_NAME = environment.text("FENQI_MALL_NAME")  # who issues vouchers and statements; empty: "the mall"

# ---- what the mall's policy allows

FENQI_CREDIT_ALLOWED = environment.flag(
    "FENQI_CREDIT_ALLOWED", default=False
)  # keep a surplus as the customer's balance

FENQI_REST_DAYS_ARE_FREE = environment.flag(
    "FENQI_REST_DAYS_ARE_FREE", default=True
)  # what is due on a rest day is payable until the end of the next working day without a late fee

# ---- customer service

FENQI_HOTLINE = environment.text("FENQI_HOTLINE")  # shown as it is written; empty: there is none
FENQI_SERVICE_HOURS = environment.hours("FENQI_SERVICE_HOURS", "09:00-21:00")  # every day, in the mall's time zone
# Where the finance app is that repays the mall's plans; in a rehearsal the sandbox's; empty: there is none.
FENQI_FINANCE_APP_URL = environment.text(
    "FENQI_FINANCE_APP_URL", f"{FENQI_SANDBOX_URL}/finance_app" if FENQI_SANDBOX_URL else ""
)

# ---- reminders and notices

FENQI_QUIET_HOURS = environment.hours("FENQI_QUIET_HOURS", "21:00-08:00")  # nobody is reminded meanwhile
FENQI_REMINDER_DAYS = environment.whole_numbers("FENQI_REMINDER_DAYS", "7,3,1,0")  # before the due date
FENQI_OVERDUE_REMINDER_DAYS = environment.whole_numbers("FENQI_OVERDUE_REMINDER_DAYS", "1,3,7,14,30")  # after it
FENQI_SMS_REPORT_TOKEN = environment.text("FENQI_SMS_REPORT_TOKEN")  # in the address that delivery reports come to
ANYMAIL = environment.prefixed("FENQI_ANYMAIL_")  # the settings of the mail service, if FENQI_EMAIL_BACKEND is one
FENQI_ANSWER_MINUTES = environment.whole_number("FENQI_ANSWER_MINUTES", 30, least=1)  # of service time: the promise
FENQI_COMPLAINTS_PHONE = environment.text("FENQI_COMPLAINTS_PHONE")  # the mall's own line for complaints; empty: none

# ---- after-sales

FENQI_RETURN_ADDRESS = environment.text(
    "FENQI_RETURN_ADDRESS"
)  # where goods are sent back to, as it is written; empty: customer service tells it

# ---- files of the pages

STATIC_URL = "/static/"
STATIC_ROOT = DATA_FOLDER / "static"
STATICFILES_DIRS = [
    folder for room in ("portal", "console", "shared") if (folder := INTERFACES / room / "static").is_dir()
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# ---- work behind the pages

PROCRASTINATE_IMPORT_PATHS = [
    f"fenqi.interfaces.jobs.{module}"
    for module in (
        "tasks",
        "auto_debit",
        "reserves",
        "partners",
        "migrating",
        "aftersales",
        "price_protection",
        "hardship",
        "periodic",
        "evidence",
        "closing",
        "notices",
        "support",
        "entries",
        "accounts",
        "notices",
        "entries",
    )
]
LOGGING = logging_settings(level=environment.text("FENQI_LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "logging.config.dictConfig"
