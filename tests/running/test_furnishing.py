"""Putting the house together gives back what it opened when something does not fit."""

from pathlib import Path

import pytest

from rebind import settings as house_settings
from rebind.main import furnishing
from rebind.settings import Settings, Unfit
from rebind.store.engines import StoreEngine


async def test_a_provider_that_cannot_be_built_leaves_no_database_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the check had overlooked what the provider itself refuses."""
    monkeypatch.setattr(house_settings, "check", lambda _settings, *, demo: None)
    opened: list[StoreEngine] = []
    closed: list[StoreEngine] = []
    opening = furnishing.opened

    async def watched(settings: Settings, fraction: object) -> StoreEngine:
        engine = await opening(settings, lambda: 0.5)
        opened.append(engine)
        close = engine.close

        async def closing() -> None:
            closed.append(engine)
            await close()

        monkeypatch.setattr(engine, "close", closing)
        return engine

    monkeypatch.setattr(furnishing, "opened", watched)
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/data/rebind.sqlite3",
        secret_key_file=f"{tmp_path}/keys/ring.json",
        sms="http://127.0.0.1:9",
        mail="smtp://user:word@127.0.0.1:9",
        mail_from="a@example.org",
    )
    with pytest.raises(Unfit, match="only sent over TLS"):
        async with furnishing.furnish(settings):
            raise AssertionError("nothing was to be furnished")
    assert opened
    assert closed == opened
