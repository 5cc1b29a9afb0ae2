"""Passwords: what may be one, which ones everybody would try, how strong one looks.

For: one spelling of what was typed (to set a password and to check one alike), the rules that need
no list, and the meter. Refuses to ask for digits or capitals, to cut anything off, and to let the
meter decide: a weak mark is advice, only `judged` refuses. Neighbours: `ports.Leaks` knows the
lists of common and breached passwords, `ports.Hasher` keeps one.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum, auto

MIN_SECOND_FACTOR = 8
"""Code points beside a second factor: NIST SP 800-63B-4 3.1.1.2 ("SHALL … eight")."""

MIN_ALONE = 15
"""Code points of a password that is the only factor: NIST SP 800-63B-4 3.1.1.2."""

MAX = 128
"""Code points at most: ours; NIST SP 800-63B-4 3.1.1.2 and OWASP ASVS 5.0 6.2.9 ask for 64."""

_TYPED_MAX = 4 * MAX
"""NFC makes one code point of four at most; what is longer needs no reading."""

KINDS_MIN = 5
"""Pieces that somebody has to guess beyond what is expected, at least: ours, see
docs/decisions/0012-passwords.md. A run along a row of keys is one piece, as is any single sign."""

RUN_MIN = 3
"""Signs of a run, at least: "ab" and "12" stand in every text."""

WORD_MIN = 4
"""Letters of an expected word, at least: shorter ones stand in every text."""

_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but typed: the first belongs to Persian, the second to emoji (RFC 8264 9.8)."""

LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./"
RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю."
"""The same keys in two layouts, in the same order."""

_TO_RUSSIAN = str.maketrans(LATIN[:-1], RUSSIAN[:-1])
_TO_LATIN = str.maketrans(RUSSIAN[:-1], LATIN[:-1])

_ROWS = (
    "01234567890",
    "1234567890-=",
    "!@#$%^&*()_+",
    "abcdefghijklmnopqrstuvwxyzabc",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяабв",
    "абвгдежзийклмнопрст",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю.",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1йфя2цыч3увс4кам5епи6нрт7гоь8шлб9щдю0зж.",
    "йфяцычувскамепинртгоьшлбщдю",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1й2ц3у4к5е6н7г8ш9щ0з",
    "qweasdzxcrtyfghvbnuiojklm",
    "йцуфывячскенапрмитгшщолдьбю",
)
_WALKS = "\n".join(row for line in _ROWS for row in (line, line[::-1]))
_DATE = re.compile(
    r"(?:(?:0?[1-9]|[12]\d|3[01])(?P<a>[-./ ]?)(?:0?[1-9]|1[0-2])(?P=a)(?:19|20)\d\d"
    r"|(?:0?[1-9]|1[0-2])(?P<b>[-./ ]?)(?:0?[1-9]|[12]\d|3[01])(?P=b)(?:19|20)\d\d"
    r"|(?:19|20)\d\d(?P<c>[-./ ]?)(?:0?[1-9]|1[0-2])(?P=c)(?:0?[1-9]|[12]\d|3[01]))"
)

_METER_SEES = 32
_METER_SIGNS = 3
_SIGNS = frozenset("@({[<|!$+%")
"""zxcvbn reads each of these as letters, and its time multiplies with every kind of them: 32 signs
of many kinds take 0.8 s, 128 several times that. With at most three kinds 32 take 0.07 s."""


class Verdict(Enum):
    """What is to be said of a password."""

    TOO_SHORT = auto()
    """Shorter than `MIN_SECOND_FACTOR`."""
    TOO_SHORT_ALONE = auto()
    """Long enough beside a second factor, and there is none."""
    TOO_LONG = auto()
    """Longer than `MAX`; it is refused, never cut."""
    UNREADABLE = auto()
    """It holds what nobody can type twice alike: control characters, what no font shows."""
    COMMON = auto()
    """Among the first that thieves try: one sign again and again, a row of keys, a date."""
    EXPECTED = auto()
    """The name of the service, the person's number or address, and little else."""
    FINE = auto()
    """Nothing speaks against it here; `ports.Leaks` is still to be asked."""


def readable(typed: str) -> str | Verdict:
    """The one spelling of a password, or why there is none (`UNREADABLE`, `TOO_SHORT` or
    `TOO_LONG`).

    Every kind of space becomes a plain one and the rest NFC (RFC 8265 4.2.2, NIST SP 800-63B-4
    3.1.1.2), so that a Mac and a Windows keyboard agree. Nothing is trimmed, cut or folded, and
    length is counted in code points afterwards. Ask it before each hash and each comparison; at
    sign-in a verdict means that the password is wrong, and the dummy is to be verified.
    """
    if len(typed) > _TYPED_MAX:
        return Verdict.TOO_LONG
    plain = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in typed)
    password = unicodedata.normalize("NFC", plain)
    # `isprintable` also refuses what Unicode has not assigned: a later version of it could
    # normalise that to something else (UAX 15, section 12.1).
    if not all(sign.isprintable() or sign in _JOINERS for sign in password):
        return Verdict.UNREADABLE
    if len(password) < MIN_SECOND_FACTOR:
        return Verdict.TOO_SHORT
    return Verdict.TOO_LONG if len(password) > MAX else password


def judged(password: str, *, with_second_factor: bool, context: Sequence[str]) -> Verdict:
    """Whether a password that `readable` gave may be set.

    `context` are words that a stranger expects of this person here: the name and the domain of the
    service, the digits of the number, the addresses or their local parts (NIST SP 800-63B-4
    3.1.1.2, OWASP ASVS 5.0 6.2.11). They count in any case, reversed, in the other keyboard layout
    and without their punctuation.
    """
    if len(password) < MIN_SECOND_FACTOR:
        return Verdict.TOO_SHORT
    if len(password) > MAX:
        return Verdict.TOO_LONG
    if not with_second_factor and len(password) < MIN_ALONE:
        return Verdict.TOO_SHORT_ALONE
    folded = password.casefold()
    if _expected(folded, context):
        return Verdict.EXPECTED
    if len(unit(folded)) < MIN_SECOND_FACTOR or _pieces(folded) < KINDS_MIN:
        return Verdict.COMMON
    return Verdict.COMMON if _DATE.fullmatch(folded) else Verdict.FINE


def unit(password: str) -> str:
    """What is said at least twice and nothing else: "hunter" of "hunterhunterhu". Of any other
    password, all of it. What is repeated protects no better than said once."""
    # The borders of Knuth, Morris and Pratt: border[i] is the longest proper prefix of the first
    # i + 1 signs that also ends them.
    border = [0] * len(password)
    for i in range(1, len(password)):
        k = border[i - 1]
        while k and password[i] != password[k]:
            k = border[k - 1]
        border[i] = k + (password[i] == password[k])
    period = len(password) - (border[-1] if border else 0)
    return password[:period] if 2 * period <= len(password) else password


def bare(password: str) -> str:
    """Without the run that it ends with, and the one that it begins with: "hunter" of
    "hunter12345678" and of "!!!!hunter". Of most passwords, all of it."""
    ends = _run(password[::-1], 0) if password else 0
    kept = password[: len(password) - ends] if ends >= RUN_MIN else password
    begins = _run(kept, 0) if kept else 0
    return kept[begins:] if begins >= RUN_MIN else kept


def strength(password: str, context: Sequence[str] = ()) -> int:
    """How a meter marks it: 0 (falls at once) to 4 (holds), by zxcvbn (Wheeler, USENIX Security
    2016), which knows English and common passwords only.

    Looks at the first 32 code points, for its time grows steeply: up to 0.07 s, so call it away
    from the event loop. It may be called from several threads at a time. The first call loads
    14 MiB.
    """
    from zxcvbn.matching import (  # type: ignore[import-untyped]
        RANKED_DICTIONARIES,
        build_ranked_dict,
        omnimatch,
    )
    from zxcvbn.scoring import most_guessable_match_sequence  # type: ignore[import-untyped]
    from zxcvbn.time_estimates import guesses_to_score  # type: ignore[import-untyped]

    # `zxcvbn.zxcvbn` would leave this person's words in a dictionary that all calls share.
    words = {"user_inputs": build_ranked_dict(sorted(_words(context)))}
    seen = _bounded(password)
    if not seen:
        return 0
    matches = omnimatch(seen, {**RANKED_DICTIONARIES, **words})
    return int(guesses_to_score(most_guessable_match_sequence(seen, matches)["guesses"]))


def _bounded(password: str) -> str:
    kinds = [sign for sign in dict.fromkeys(password) if sign in _SIGNS]
    return password[:_METER_SEES].translate({ord(sign): "~" for sign in kinds[_METER_SIGNS:]})


def _pieces(text: str) -> int:
    """How many things somebody has to guess: single signs, and runs along a row or of one sign."""
    pieces, at = 0, 0
    while at < len(text):
        run = _run(text, at)
        at += run if run >= RUN_MIN else 1
        pieces += 1
    return pieces


def _run(text: str, at: int) -> int:
    """The signs from here on that are all the same, or that follow each other in a row."""
    end = at + 1
    while end < len(text) and text[end] == text[at]:
        end += 1
    along = at + 1
    while along < len(text) and text[at : along + 1] in _WALKS:
        along += 1
    return max(end, along) - at


def _expected(folded: str, context: Sequence[str]) -> bool:
    """Whether expected words stand in it, and fewer than `KINDS_MIN` pieces besides."""
    words = _words(context)
    words |= {word.translate(table) for word in words for table in (_TO_RUSSIAN, _TO_LATIN)}
    words |= {word[::-1] for word in words}
    if not words:
        return False
    # A word in the other layout may hold what is punctuation in this one: б is a comma.
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    either = "|".join(map(re.escape, longest_first))
    return any(
        found and _pieces(_plain(left)) < KINDS_MIN
        for left, found in (re.subn(either, "", text) for text in (folded, _plain(folded)))
    )


def _words(context: Sequence[str]) -> set[str]:
    """The expected words, and the parts that punctuation divides them into."""
    words: set[str] = set()
    for given in context:
        folded = unicodedata.normalize("NFC", given).casefold()
        parts = "".join(sign if sign.isalnum() else " " for sign in folded).split()
        words |= {folded, _plain(folded), *parts}
        if _plain(folded).isdigit():
            # A number without the code of its country, and without that of its region.
            words |= {_plain(folded)[-10:], _plain(folded)[-7:]}
    return {word for word in words if len(word) >= WORD_MIN}


def _plain(text: str) -> str:
    """Letters and digits only."""
    return "".join(sign for sign in text if sign.isalnum())
