"""The level of a session, by what it was opened with (NIST SP 800-63B-4 2 and 3.1)."""

import pytest

from rebind.domain import assurance
from rebind.domain.assurance import Aal
from rebind.domain.evidence import Proof

P = Proof


@pytest.mark.parametrize(
    "proofs",
    [
        (),
        (P.CODE_CURRENT,),
        (P.CODE_CURRENT, P.KNOWN_DEVICE),
        (P.PASSWORD,),
        (P.PASSWORD, P.KNOWN_DEVICE),
        (P.CODE_CURRENT, P.TOTP),
        (P.CODE_CURRENT, P.RECOVERY_CODE),
    ],
)
def test_one_factor_or_twice_the_same_kind_is_level_one(proofs: tuple[Proof, ...]) -> None:
    assert assurance.level(frozenset(proofs)) is Aal.AAL1


def test_a_mailbox_is_no_authenticator() -> None:
    for beside in (P.CODE_CURRENT, P.PASSWORD, P.KNOWN_DEVICE):
        assert assurance.level(frozenset({beside, P.CODE_EMAIL})) is Aal.AAL1


@pytest.mark.parametrize(
    "proofs",
    [
        (P.PASSKEY,),
        (P.PASSWORD, P.TOTP),
        (P.PASSWORD, P.RECOVERY_CODE),
        (P.PASSWORD, P.CODE_CURRENT),
        (P.PASSKEY, P.CODE_EMAIL),
    ],
)
def test_two_kinds_are_level_two(proofs: tuple[Proof, ...]) -> None:
    assert assurance.level(frozenset(proofs)) is Aal.AAL2


def test_one_proof_more_never_lowers_the_level() -> None:
    for proof in Proof:
        for other in Proof:
            both = assurance.level(frozenset({proof, other}))
            assert both is Aal.AAL2 or assurance.level(frozenset({proof})) is Aal.AAL1


def test_a_session_keeps_its_proofs_as_words() -> None:
    kept = assurance.stored([P.PASSWORD, P.TOTP, P.KNOWN_DEVICE, P.SILENCE])
    assert kept == "known_device password totp"
    assert assurance.proofs(kept) == {P.PASSWORD, P.TOTP, P.KNOWN_DEVICE}
    # Whoever has enrolled holds the number that is now the account's.
    assert assurance.stored([P.CODE_NEW]) == "code_current"
    assert assurance.proofs(None) == frozenset(), "of sessions from before this was kept"
