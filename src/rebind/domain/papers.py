"""papers: which kinds of documents people may send, and what each of them can show.

Four kinds are built in; the policy file adds others and switches built-in ones off
(`[documents.<name>]`). `Papers` is the one place that answers which kinds are in force and which
facts each can match. Refuses to let go of the last kind that can carry an approval. Neighbours:
`cases.py` has the facts, `settings/checks.py` reads the file.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from rebind.domain.cases import DocumentKind, Fact

NAME_CHARACTERS_MAX = 80
"""Of the name of a kind on pages: more does not fit on one line of a telephone."""

ADDED_MAX = 20
"""Kinds that a policy file may add: a list that people still read."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""How a kind is called in the file, in addresses and in the store."""

_BUILT_IN: Mapping[str, frozenset[Fact]] = {
    DocumentKind.IDENTITY: frozenset(Fact) - {Fact.NUMBER_HISTORY},
    DocumentKind.OPERATOR_CONTRACT: frozenset({Fact.NUMBER_HISTORY}),
    DocumentKind.OPERATOR_STATEMENT: frozenset({Fact.NUMBER_HISTORY}),
    DocumentKind.ANOTHER: frozenset(Fact),
}
"""What an operator has signed proves the number, never the account."""


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an administrator says of one kind. Of a built-in one only `off`. `en` and `ru`: its name
    on pages; `shows`: the facts that it can match."""

    en: str | None = None
    ru: str | None = None
    shows: tuple[str, ...] | None = None
    off: bool = False


class Paper(msgspec.Struct, frozen=True):
    """One kind. `names` by language; empty for a built-in kind, whose name the pages know."""

    name: str
    names: Mapping[str, str]
    shows: frozenset[Fact]
    off: bool = False


class Papers(msgspec.Struct, frozen=True):
    """Every kind that this service knows, those that are switched off included, in the order in
    which people choose among them."""

    kinds: Mapping[str, Paper]

    @property
    def offered(self) -> tuple[str, ...]:
        """The kinds in force: what can be sent."""
        return tuple(each.name for each in self.kinds.values() if not each.off)

    def shows(self, kind: str) -> frozenset[Fact]:
        """The facts that a document of a kind can match. Of a kind that was switched off since, or
        removed from the file, nothing any more that speaks for an account."""
        paper = self.kinds.get(kind)
        if paper is None:
            return frozenset()
        return paper.shows & {Fact.NUMBER_HISTORY} if paper.off else paper.shows

    def name(self, kind: str, language: str) -> str | None:
        """What a kind is called on pages; of one that is not in the file any more the name under
        which it is stored; None for a built-in kind, whose name the pages know."""
        paper = self.kinds.get(kind)
        if paper is None:
            return kind
        return paper.names.get(language)

    def carry_approval(self, checked: Sequence[tuple[str, str | None]]) -> bool:
        """Whether among the documents found to match, each a kind with its fact, is one that speaks
        for the account: the rule R4 asks for a document that matches a fact stored at least 30 days
        before the case. The history of a number never does, nor what a kind cannot show now."""
        return any(
            fact != Fact.NUMBER_HISTORY and fact in self.shows(kind) for kind, fact in checked
        )


def in_force(settings: Mapping[str, Setting]) -> Papers:
    """The kinds with what the file says of them; the built-in "another" stays last, as what people
    choose when nothing else fits. What cannot be is the matter of `contradictions`."""
    built_in = {
        name: Paper(name, {}, shows, settings.get(name, _AS_IT_IS).off)
        for name, shows in _BUILT_IN.items()
    }
    added = {
        name: Paper(
            name,
            {"en": said.en or name, "ru": said.ru or name},
            frozenset(fact for fact in Fact if fact in (said.shows or ())),
            said.off,
        )
        for name, said in settings.items()
        if name not in _BUILT_IN
    }
    another = built_in.pop(DocumentKind.ANOTHER)
    return Papers({**built_in, **added, another.name: another})


_AS_IT_IS = Setting()

BUILT_IN = in_force({})
"""What is in force where the file says nothing."""


def contradictions(settings: Mapping[str, Setting]) -> list[str]:
    """What the file must not say of documents, each line by the name of its kind."""
    found = [
        f"documents.{name}: {line}"
        for name, said in settings.items()
        for line in _wrong(name, said)
    ]
    added = [said for name, said in settings.items() if name not in _BUILT_IN]
    if len(added) > ADDED_MAX:
        found.append(f"documents: {len(added)} kinds are added; {ADDED_MAX} at most")
    for language in ("en", "ru"):
        names = [getattr(said, language) for said in added if getattr(said, language)]
        for twice in sorted({name for name in names if names.count(name) > 1}):
            found.append(f"documents: two kinds have the same name, {language} = {twice!r}")
    papers = in_force(settings)
    if not any(papers.shows(kind) - {Fact.NUMBER_HISTORY} for kind in papers.offered):
        found.append(
            "documents: no kind is left that can carry an approval; one in force must show more "
            "than number_history"
        )
    return found


def _wrong(name: str, said: Setting) -> list[str]:
    """What is wrong with one kind."""
    if name in _BUILT_IN:
        if (said.en, said.ru, said.shows) != (None, None, None):
            return ["is built in: it can be switched off (off = true), and nothing else"]
        return []
    found = []
    if not _NAME.fullmatch(name):
        found.append("call it by small Latin letters, digits and _, a letter first, 40 at most")
    for language in ("en", "ru"):
        text = getattr(said, language)
        if not text or not text.strip():
            found.append(f"{language} is missing: its name on pages")
        elif len(text) > NAME_CHARACTERS_MAX or not text.isprintable():
            found.append(f"{language} must be one line of {NAME_CHARACTERS_MAX} characters at most")
    if not said.shows:
        found.append("shows is missing: the facts that it can match")
    for fact in said.shows or ():
        if fact not in list(Fact):
            found.append(f"shows: there is no fact {fact}; there are {', '.join(Fact)}")
    return found


def warnings(papers: Papers) -> list[str]:
    """What is allowed but unwise."""
    return [
        f"documents.{each.name}: shows number_history beside facts of the account; what an "
        "operator has signed proves the number, never the account"
        for each in papers.kinds.values()
        if not each.off
        and each.name not in _BUILT_IN
        and Fact.NUMBER_HISTORY in each.shows
        and len(each.shows) > 1
    ]
