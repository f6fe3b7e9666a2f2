"""Settings: the only place that reads the environment (prefix UPROAR_) and `UPROAR_HOME`/.env."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigError
from core.keys import Keys, load_keys
from core.permissions import Permission

PROJECT = Path(__file__).resolve().parent.parent


class Caps(BaseModel):
    """The most that a source may cost, in its own unit (X: US dollars), per UTC day and per UTC month."""

    model_config = ConfigDict(frozen=True)

    daily: float = Field(ge=0, allow_inf_nan=False)
    monthly: float = Field(ge=0, allow_inf_nan=False)


class Settings(BaseSettings):
    """What the installation is told from outside; every field is a variable UPROAR_<NAME>. See .env.example."""

    model_config = SettingsConfigDict(
        env_prefix="UPROAR_", env_nested_delimiter="__", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    home: Path = Field(default_factory=lambda: user_data_path("uproar", appauthor=False))
    store: SecretStr | None = None
    """Database URL; the default is SQLite in `home`. A URL with a password comes from the environment only."""
    author_key: SecretStr | None = None
    """64 hex digits; without it a key is made in `home`/author.key on first run."""
    shared_data: Path = PROJECT.parent / "shared" / "data"
    """Folder with real posts and labels, for training, benchmarks and some tests."""
    channels: dict[str, SecretStr] = Field(default_factory=dict)
    """Alert channels: UPROAR_CHANNELS__COMMS=<Apprise URL> defines the channel `comms`."""
    contact: str = ""
    """Address or page by which a source's operator reaches you; part of the User-Agent."""
    allow_private_addresses: bool = False
    """Let sources and webhooks resolve to private or loopback addresses (tests, intranets)."""
    permissions: dict[str, Permission] = Field(default_factory=dict)
    """On what basis a source is collected: UPROAR_PERMISSIONS__REDDIT__BASIS, __WHO, __DATE and __USE."""
    budgets: dict[str, Caps] = Field(default_factory=dict)
    """What a source may cost: UPROAR_BUDGETS__X__DAILY and UPROAR_BUDGETS__X__MONTHLY, in US dollars."""
    retention_days: dict[str, PositiveInt] = Field(default_factory=dict)
    """Days after which posts are erased, by source or for `all`: UPROAR_RETENTION_DAYS__REDDIT=90."""
    hackernews_url: str = "https://hn.algolia.com/api/v1"
    reddit_client_id: str = ""
    reddit_client_secret: SecretStr | None = None
    reddit_username: str = ""
    """The account that answers for the app; named in the User-Agent, as Reddit asks."""
    reddit_url: str = "https://www.reddit.com"
    reddit_oauth_url: str = "https://oauth.reddit.com"
    x_bearer_token: SecretStr | None = None
    x_url: str = "https://api.x.com"
    bluesky_handle: str = ""
    """Account that searches Bluesky; without one only its live stream is read."""
    bluesky_password: SecretStr | None = None
    """An app password of that account: https://bsky.app/settings/app-passwords"""
    bluesky_url: str = "https://bsky.social"
    """The server (PDS) of the account."""
    bluesky_public_url: str = "https://public.api.bsky.app"
    """Where posts are looked up again when there is no account."""
    jetstream_url: str = "wss://jetstream2.us-east.bsky.network/subscribe"
    mastodon_tokens: dict[str, SecretStr] = Field(default_factory=dict)
    """Access tokens by instance, as JSON: {"mastodon.social": "token"}; with one, full-text search is asked too."""
    youtube_key: SecretStr | None = None
    """API key of the YouTube Data API v3: https://console.cloud.google.com/apis/credentials"""
    youtube_url: str = "https://youtube.googleapis.com"
    youtube_daily_units: int = Field(default=10_000, ge=0)
    youtube_daily_searches: int = Field(default=100, ge=0)
    """What the key's project may ask in a day (Pacific time); several installations share it."""
    googlenews_url: str = "https://news.google.com/rss/search"
    gdelt_url: str = "https://api.gdeltproject.org/api/v2/doc/doc"
    dashboard_url: str = "http://127.0.0.1:8501"
    """Where readers open the dashboard: alerts link to it."""
    viewers: str = ""
    """E-mail addresses, by commas, of those who may look at the dashboard once they have logged in."""
    analysts: str = ""
    """Those who may also label, note, acknowledge, and add watches and announcements."""
    admins: str = ""
    """Those who may also see what concerns the installation."""
    heartbeat_url: SecretStr | None = None
    """Asked (GET) after every pass of `uproar run` in which no watch broke down: who is not asked raises the alarm."""
    model: str = ""
    """What `uproar run` and `uproar score` score with: a registered classifier, a folder, or OWNER/NAME of the hub."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Processor threads used for scoring."""

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the database."""
        if self.store is not None:
            return self.store.get_secret_value()
        return f"sqlite:///{self.home / 'uproar.db'}"

    @cached_property
    def keys(self) -> Keys:
        """The installation's key, made on first use."""
        return load_keys(self.home, self.author_key.get_secret_value() if self.author_key else None)

    @property
    def watch_folders(self) -> tuple[Path, ...]:
        """Where watch files are looked up: the user's own first, then the examples."""
        return (self.home / "watches", PROJECT / "watches")


def load_settings(**changes: object) -> Settings:
    """Settings from the environment and `UPROAR_HOME`/.env; `changes` win. Raises ConfigError."""
    home = Path(str(changes.get("home") or os.environ.get("UPROAR_HOME") or user_data_path("uproar", appauthor=False)))
    try:
        return Settings(_env_file=home / ".env", **changes)  # type: ignore[arg-type]
    except ValidationError as error:
        fields = "; ".join(f"UPROAR_{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"settings: {fields}. See .env.example for every variable.") from None


def ray_address() -> str:
    """The cluster that RAY_ADDRESS names, "" for none; Ray is told to send no usage figures."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    return os.environ.get("RAY_ADDRESS", "")
