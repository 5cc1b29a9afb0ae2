"""Putting the house together: from settings to the tools that flows are given.

Refuses a database whose schema is not this release's, and a key ring in the wrong place. What
costs memory or start-up time is imported where it is used.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from rebind import settings as house_settings
from rebind.domain import mail_in
from rebind.domain.calendar import Calendar
from rebind.domain.request import Kind
from rebind.domain.units import Ms
from rebind.entrypoints.shared import logs
from rebind.flows import cases, change, closing, enrol, reauthentication, recover, sign_in, undo
from rebind.flows.deliver import Courier
from rebind.flows.desk import Desk, Journeys
from rebind.flows.desk.intake import Intake
from rebind.ports import Blobs, Mail, Sms
from rebind.providers.blobs import places
from rebind.providers.blobs.folder import FolderBlobs
from rebind.providers.blobs.s3 import S3Blobs
from rebind.providers.calendar import business_days
from rebind.providers.clock.system import SystemClock
from rebind.providers.demo_outbox import DemoOutbox
from rebind.providers.dice.system import SystemDice
from rebind.providers.hasher.argon2 import Argon2
from rebind.providers.leaks.both import Both
from rebind.providers.leaks.common import Common
from rebind.providers.leaks.ranges import RangeSource
from rebind.providers.papers.workshop import Workshop
from rebind.providers.passkeys.webauthn import WebAuthn
from rebind.providers.scanner.clamav import Address, ClamAv
from rebind.providers.seal import ring_file
from rebind.providers.seal.ring import KeyRing, RingError
from rebind.providers.seal.stream import StreamEnvelope
from rebind.providers.seal.vault import AesSeal
from rebind.settings import Settings, Unfit
from rebind.store import accounts
from rebind.store.engines import StoreEngine, open_engine
from rebind.store.upgrade import upgrade
from rebind.store.version import Standing, standing
from rebind.templates.words import JinjaWords

JOURNEYS: Journeys = {
    Kind.ENROL: enrol.JOURNEY,
    Kind.SIGN_IN: sign_in.JOURNEY,
    Kind.CHANGE: change.JOURNEY,
    Kind.RECOVER: recover.JOURNEY,
    Kind.UNDO: undo.JOURNEY,
    Kind.CASE: cases.JOURNEY,
    Kind.CLOSE: closing.JOURNEY,
    Kind.REAUTHENTICATE: reauthentication.JOURNEY,
}
"""The journeys that this release serves."""

UPGRADE_HINT = "run `rebind db upgrade` with the same settings"


class House(msgspec.Struct, frozen=True):
    """Everything that one process needs, put together."""

    settings: Settings
    engine: StoreEngine
    desk: Desk
    seal: AesSeal
    courier: Courier
    outbox: DemoOutbox | None
    wake: asyncio.Event
    intake: Intake


@asynccontextmanager
async def furnish(
    settings: Settings, *, demo: bool = False, at_rest: bool = False
) -> AsyncIterator[House]:
    """A house with an open database whose schema fits. `at_rest` is for an administrator's work,
    which serves nobody and sends nothing. Raises `Unfit`, `RingError` and `Unavailable`."""
    if at_rest:
        house_settings.check_at_rest(settings)
    else:
        house_settings.check(settings, demo=demo)
    rules = house_settings.rules(settings.policy)
    clock, dice = SystemClock(), SystemDice()
    engine = await _fitting_engine(settings, dice.fraction)
    seen = ring_file.stamp(settings.key_ring)
    outbox = DemoOutbox(clock) if demo else None
    try:
        seal = AesSeal(await _key_ring(settings, engine, clock.now()))
        sms, mail = _providers(settings, outbox, clock)
        calendar = await _calendar(settings, clock.now())
    except BaseException:
        await engine.close()
        raise
    wake = asyncio.Event()
    hasher, leaks = Argon2(), Both(Common(), _ranges(settings))
    intake = _intake(settings, dice, clock)
    watching = asyncio.create_task(_watch_ring(settings, seal, seen))
    try:
        yield House(
            settings,
            engine,
            Desk(
                engine=engine,
                clock=clock,
                dice=dice,
                seal=seal,
                hasher=hasher,
                leaks=leaks,
                passkeys=WebAuthn(settings.public_url, settings.service_name),
                carrier=None,
                policy=rules.policy,
                calendar=calendar,
                limits=rules.limits,
                nudge=wake.set,
                papers=rules.papers,
                service=settings.service_name,
            ),
            seal,
            Courier(
                engine,
                clock,
                dice,
                seal,
                JinjaWords(),
                sms,
                mail,
                settings.service_name,
                settings.domain,
                settings.public_url.rstrip("/"),
                mail_in.reply_to(settings.mail_reply_to or "") if settings.mail_in else None,
                # A server's own commits wake its worker; a worker apart has to look.
                poll_flowing_s=0.01 if settings.worker == "apart" else 0.05,
            ),
            outbox,
            wake,
            intake,
        )
    finally:
        watching.cancel()
        for each in (intake.papers, hasher, leaks, sms, mail, engine):
            await each.close()


async def _calendar(settings: Settings, now: Ms) -> Calendar:
    """Which days the support desk works."""
    try:
        return await business_days.built(
            settings.calendar_country,
            settings.calendar_zone,
            settings.calendar_hours,
            settings.calendar_file,
            now,
        )
    except business_days.Unknown as unknown:
        raise Unfit([str(unknown)]) from None


def _intake(settings: Settings, dice: SystemDice, clock: SystemClock) -> Intake:
    """The tools of documents; a scanner only where there is one to ask."""
    scanner = None if settings.scanner is None else ClamAv(Address.parsed(settings.scanner))
    return Intake(Workshop(), scanner, _blobs(settings), StreamEnvelope(), dice, clock)


def _blobs(settings: Settings) -> Blobs:
    """Where documents rest."""
    place = places.parsed(settings.blobs)
    if isinstance(place, places.Folder):
        return FolderBlobs(place.path)
    return S3Blobs(place, settings.blobs_access_key, settings.blobs_secret_key)


def _ranges(settings: Settings) -> RangeSource | None:
    """The service that knows breached passwords, where there is one to ask."""
    if settings.password_range_url is None:
        return None
    log = logs.logger()
    return RangeSource(
        settings.password_range_url, lambda why: log.warning("password_range_failed", why=why)
    )


async def _key_ring(settings: Settings, engine: StoreEngine, now: Ms) -> KeyRing:
    """The key ring; made on the first start, never beside a database that is already in use: what
    rests sealed there opens only under the ring that is missing."""
    if _missing(settings.secret_key_file):
        (found,) = await engine.read(accounts.first())
        if found:
            raise Unfit([f"secret_key_file: {settings.secret_key_file} {LOST_RING}"])
    return ring_file.load_or_make(settings.key_ring, settings.database_folder, now)


RING_LOOK_S = 1.0
"""How often a process looks whether the key ring was replaced (`rebind keys rotate`)."""


async def _watch_ring(settings: Settings, seal: AesSeal, seen: tuple[int, int] | None) -> None:
    """Take up a new key ring. One that cannot be read is left alone: the keys at hand still open
    everything, and whoever put it there sees the reason at their own command."""
    while True:
        await asyncio.sleep(RING_LOOK_S)
        found = ring_file.stamp(settings.key_ring)
        if found is not None and found != seen:
            with suppress(RingError, FileNotFoundError):
                seal.reload(ring_file.load(settings.key_ring, settings.database_folder))
                seen = found


LOST_RING = (
    "is missing, but the database holds accounts that are sealed under it; put the key ring back"
)


def _missing(path: str) -> bool:
    return not Path(path).exists()


async def _fitting_engine(settings: Settings, fraction: Callable[[], float]) -> StoreEngine:
    """An engine on a database whose schema is this release's. An embedded file is made or upgraded
    (a copy first) by itself; a server's database only by `rebind db upgrade`."""
    url, folder = settings.database_url, settings.database_folder
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _missing(url.removeprefix("sqlite:///")):
            upgrade(url)
    engine = await opened(settings, fraction)
    found = await standing(engine)
    if found in (Standing.OLD, Standing.EMPTY) and settings.is_sqlite:
        await engine.close()
        upgrade(url)
        engine = await opened(settings, fraction)
        found = await standing(engine)
    if found is not Standing.CURRENT:
        await engine.close()
        raise Unfit([schema_words(found)])
    return engine


async def opened(settings: Settings, fraction: Callable[[], float]) -> StoreEngine:
    """The database, whatever its schema. Raises `Unfit` for an address that cannot be read, and
    `Unavailable`."""
    url = settings.database_url
    try:
        return await open_engine(url, connections=settings.connections, fraction=fraction)
    except ValueError as error:
        raise Unfit([f"database_url: {error}"]) from None


def schema_words(found: Standing) -> str:
    match found:
        case Standing.EMPTY:
            return f"database: it has no schema yet; {UPGRADE_HINT}"
        case Standing.OLD:
            return f"database: its schema is older than this release; {UPGRADE_HINT}"
        case Standing.NEW:
            return "database: a newer release has upgraded its schema; run that release"
        case Standing.CURRENT:
            return "database: its schema fits this release"


def _providers(
    settings: Settings, outbox: DemoOutbox | None, clock: SystemClock
) -> tuple[Sms, Mail]:
    """Both neighbours. What a provider itself refuses in its settings is refused in its words."""
    try:
        return _sms(settings, outbox), _mail(settings, outbox, clock)
    except ValueError as error:
        raise Unfit([f"sms or mail: {error}"]) from None


def _sms(settings: Settings, outbox: DemoOutbox | None) -> Sms:
    if settings.sms not in (None, "demo"):
        from rebind.providers.sms.http import HttpSms

        return HttpSms(settings.sms, settings.sms_headers, 10)
    from rebind.providers.sms.demo import DemoSms

    return DemoSms(outbox or DemoOutbox(SystemClock()))


def _mail(settings: Settings, outbox: DemoOutbox | None, clock: SystemClock) -> Mail:
    if settings.mail not in (None, "demo"):
        from rebind.providers.mail.smtp import SmtpMail, Tls

        parts = urlsplit(settings.mail)
        kinds: dict[str, tuple[Tls, int]] = {
            "smtp": ("none", 25),
            "smtp+starttls": ("starttls", 587),
            "smtps": ("tls", 465),
        }
        tls, port = kinds[parts.scheme]
        return SmtpMail(
            parts.hostname or "localhost",
            parts.port or port,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            tls,
            settings.mail_from or "",
            clock,
        )
    from rebind.providers.mail.demo import DemoMail

    return DemoMail(outbox or DemoOutbox(clock))
