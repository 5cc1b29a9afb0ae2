"""Scenes of the audit about what protects an account: everything but the last step has happened."""

from collections.abc import Awaitable, Callable
from typing import Any

from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Purpose
from rebind.domain.units import DAY, MINUTE, Id
from rebind.flows import (
    closing,
    emails,
    export,
    loss,
    passkeys,
    passwords,
    reauthentication,
    recovery_codes,
    sessions,
    totp,
)
from rebind.flows.desk import RequestView, tokens
from tests.authenticator import Authenticator
from tests.factors import (
    PASSWORD,
    RECOVERY_CODE,
    report_loss,
    set_password,
    set_recovery_code,
    set_totp,
    totp_now,
)
from tests.people import ANNA, ANNA_MAIL, BORIS_MAIL, SITE, House, Someone, said

Step = Callable[[], Awaitable[Any]]
Scene = Callable[[House], Awaitable[Step]]

NEW_PASSWORD = "six slow herons over a dyke"
OLD = 30 * DAY


async def _anna(house: House) -> Someone:
    anna = await house.bring_in(ANNA, emails=(ANNA_MAIL,))
    await anna.sign_in()
    # Not so long that her next step is noted as "seen", which is no act.
    house.clock.push(5 * MINUTE)
    return anna


async def _permit(anna: Someone, purpose: Purpose, about: str = "") -> Id:
    """A fresh proof for it: by her app, where she has one, else by codes."""
    view = await reauthentication.begin(anna.house.desk, anna.caller(), purpose, about)
    assert isinstance(view, RequestView), view
    if view.state == "done":
        return view.id
    if any(Proof.TOTP in way for way in view.needs):
        assert said(await anna.prove(view, totp=totp_now(anna))) == "done"
        return view.id
    await anna.another_code(view, Proof.CODE_CURRENT)
    codes = {"code_current": await anna.newest_code()}
    if purpose is Purpose.EMAIL_ADD:
        await anna.another_code(view, Proof.CODE_NEW)
        codes["code_new"] = await anna.newest_code(about)
    assert said(await anna.prove(view, **codes)) == "done"
    return view.id


async def _email_id(anna: Someone) -> Id:
    found: Id = await anna.house.value("SELECT id FROM emails")
    return found


async def _reauthentication_begins(house: House) -> Step:
    anna = await _anna(house)
    caller, purpose = anna.caller(), Purpose.EMAIL_ADD
    return lambda: reauthentication.begin(house.desk, caller, purpose, BORIS_MAIL)


async def _password_set(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.PASSWORD_SET)
    return lambda: passwords.choose(house.desk, anna.caller(), permit, NEW_PASSWORD)


async def _password_removed(house: House) -> Step:
    anna = await _anna(house)
    await set_password(anna, age=OLD)
    permit = await _permit(anna, Purpose.PASSWORD_REMOVE)
    return lambda: passwords.remove(house.desk, anna.caller(), permit)


def _made(anna: Someone, permit: Id) -> str:
    desk = anna.house.desk
    challenge = tokens.passkey_challenge(desk.seal, permit)
    options = desk.passkeys.creation(challenge, anna.account, "Anna", [])
    return Authenticator(SITE, "localhost").register(options)


async def _passkey_added(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.PASSKEY_ADD)
    made = _made(anna, permit)
    return lambda: passkeys.add(house.desk, anna.caller(), permit, made, "Telephone")


async def _with_passkey(house: House) -> tuple[Someone, Id]:
    anna = await _anna(house)
    await set_totp(anna, age=OLD)
    permit = await _permit(anna, Purpose.PASSKEY_ADD)
    added = await passkeys.add(house.desk, anna.caller(), permit, _made(anna, permit), "")
    assert isinstance(added, passkeys.PasskeyView), added
    house.clock.push(MINUTE)
    return anna, added.id


async def _passkey_renamed(house: House) -> Step:
    anna, passkey_id = await _with_passkey(house)
    return lambda: passkeys.rename(house.desk, anna.caller(), passkey_id, "Telephone")


async def _passkey_removed(house: House) -> Step:
    anna, passkey_id = await _with_passkey(house)
    permit = await _permit(anna, Purpose.PASSKEY_REMOVE, passkey_id.hex())
    return lambda: passkeys.remove(house.desk, anna.caller(), permit, passkey_id)


async def _totp_set(house: House) -> Step:
    from pyotp import TOTP

    anna = await _anna(house)
    permit = await _permit(anna, Purpose.TOTP_SET)
    shown = await totp.setup(house.desk, anna.caller(), permit)
    assert isinstance(shown, totp.Setup), shown
    secret = shown.secret.replace(" ", "")
    code = TOTP(secret).at(house.clock.now() // 1_000)
    return lambda: totp.confirm(house.desk, anna.caller(), permit, code)


async def _totp_removed(house: House) -> Step:
    anna = await _anna(house)
    await set_totp(anna, age=OLD)
    permit = await _permit(anna, Purpose.TOTP_REMOVE)
    return lambda: totp.remove(house.desk, anna.caller(), permit)


async def _recovery_codes_made(house: House) -> Step:
    anna = await _anna(house)
    await set_totp(anna, age=OLD)
    permit = await _permit(anna, Purpose.RECOVERY_CODES)
    return lambda: recovery_codes.make(house.desk, anna.caller(), permit)


async def _email_added(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.EMAIL_ADD, BORIS_MAIL)
    return lambda: emails.add(house.desk, anna.caller(), permit, BORIS_MAIL)


async def _email_removed(house: House) -> Step:
    anna = await _anna(house)
    email_id = await _email_id(anna)
    permit = await _permit(anna, Purpose.EMAIL_REMOVE, email_id.hex())
    return lambda: emails.remove(house.desk, anna.caller(), permit, email_id)


async def _email_made_primary(house: House) -> Step:
    anna = await _anna(house)
    email_id = await _email_id(anna)
    return lambda: emails.make_primary(house.desk, anna.caller(), email_id)


async def _sms_suspended(house: House) -> Step:
    anna = await _anna(house)
    await set_password(anna, age=OLD)
    permit = await _permit(anna, Purpose.SMS_SUSPEND)
    return lambda: loss.suspend(house.desk, anna.caller(), permit)


async def _sms_restored(house: House) -> Step:
    anna = await _anna(house)
    await set_totp(anna, age=OLD)
    assert said(await report_loss(anna)) == "ok"
    house.clock.push(MINUTE)
    permit = await _permit(anna, Purpose.SMS_RESTORE)
    return lambda: loss.restore(house.desk, anna.caller(), permit)


async def _wrong_password(house: House) -> Step:
    anna = await _anna(house)
    await set_password(anna, age=OLD)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN, send=())
    return lambda: there.prove(begun, password="not this one, surely")


async def _sign_in_by_password(house: House) -> Step:
    anna = await _anna(house)
    await set_password(anna, age=OLD)
    begun = await anna.begin(Kind.SIGN_IN, ANNA_MAIL)
    return lambda: anna.prove(begun, password=PASSWORD)


async def _sign_in_by_recovery_code(house: House) -> Step:
    anna = await _anna(house)
    await set_totp(anna, age=OLD)
    await set_recovery_code(anna, age=OLD)
    await set_password(anna, age=OLD)
    begun = await anna.begin(Kind.SIGN_IN, send=())
    return lambda: anna.prove(begun, password=PASSWORD, recovery_code=RECOVERY_CODE)


async def _not_mine(house: House) -> Step:
    anna = await _anna(house)
    there = anna.elsewhere()
    begun = await there.begin(Kind.SIGN_IN)
    await there.prove(begun, code_current=await anna.newest_code())
    await there.another_code(begun, Proof.CODE_EMAIL)
    done = await there.prove(begun, code_email=await house.code_to(ANNA_MAIL))
    assert said(done) == "done"
    other = tokens.session(there.session)
    assert other is not None
    return lambda: sessions.end(house.desk, anna.caller(), other.session_id, not_mine=True)


async def _closing_begins(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.ACCOUNT_CLOSE)
    return lambda: closing.begin(house.desk, anna.caller(), permit)


async def _account_closed(house: House) -> Step:
    begun = await (await _closing_begins(house))()
    await house.pass_time(29 * DAY)
    house.clock.push(DAY)
    return lambda: house.upkeep._take(begun.id, house.clock.now())


async def _data_exported(house: House) -> Step:
    anna = await _anna(house)
    permit = await _permit(anna, Purpose.DATA_EXPORT)
    return lambda: export.take(house.desk, anna.caller(), permit)


FLOWS: dict[str, tuple[Scene, set[Act]]] = {
    "reauthentication begins": (_reauthentication_begins, {Act.REQUEST_BEGUN}),
    "password set": (_password_set, {Act.PASSWORD_SET, Act.SESSIONS_ENDED}),
    "password removed": (_password_removed, {Act.PASSWORD_REMOVED}),
    "passkey added": (_passkey_added, {Act.PASSKEY_ADDED}),
    "passkey renamed": (_passkey_renamed, {Act.PASSKEY_RENAMED}),
    "passkey removed": (_passkey_removed, {Act.PASSKEY_REMOVED}),
    "totp set": (_totp_set, {Act.TOTP_SET}),
    "totp removed": (_totp_removed, {Act.TOTP_REMOVED}),
    "recovery codes made": (_recovery_codes_made, {Act.RECOVERY_CODES_MADE}),
    "email added": (_email_added, {Act.EMAIL_ADDED}),
    "email removed": (_email_removed, {Act.EMAIL_REMOVED}),
    "email made primary": (_email_made_primary, {Act.EMAIL_MADE_PRIMARY}),
    "sms suspended": (_sms_suspended, {Act.SMS_SUSPENDED}),
    "sms restored": (_sms_restored, {Act.SMS_RESTORED}),
    "wrong password": (_wrong_password, {Act.PROOF_WRONG}),
    "sign_in by password": (_sign_in_by_password, {Act.PROOF_ACCEPTED, Act.SESSION_OPENED}),
    "sign_in by recovery code": (
        _sign_in_by_recovery_code,
        {Act.PROOF_ACCEPTED, Act.RECOVERY_CODE_USED, Act.SESSION_OPENED},
    ),
    "session not mine": (_not_mine, {Act.SESSION_ENDED}),
    "closing begins": (_closing_begins, {Act.CLOSING_BEGUN}),
    "account closed": (_account_closed, {Act.ACCOUNT_CLOSED}),
    "data exported": (_data_exported, {Act.DATA_EXPORTED}),
}
"""As in `test_audit.py`: each scene with the acts that its last step leaves."""
