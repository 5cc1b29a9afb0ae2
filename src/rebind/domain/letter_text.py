"""What a person wrote in a letter: HTML as text, and the conversation below their words cut off.

For: one readable text of any mail program's reply. Refuses whatever is not text: scripts, styles,
pictures and links to elsewhere leave nothing behind. Everything takes time in proportion to the
length, because the letter is a stranger's: Python's own `html.parser` needs 18 s for 64 KiB made to
be slow, and the libraries that cut replies know no Russian (docs/decisions/0008-dependencies.md).
Neighbour: `letters.py` says which part of a letter is its text.
"""

import html
import re
import unicodedata

MARKERS = {
    "en": "— Please write above this line —",
    "ru": "— Пишите выше этой строки —",
}
"""What stands at the top of each e-mail of a case, by language: below it is our own text."""

_MARKS = tuple(marker.strip("— ").casefold() for marker in MARKERS.values())
_MARKER_LINE_MAX = 120
"""A line with more around the marker is somebody's sentence about it."""

# --- HTML ----------------------------------------------------------------------------------------

# Nothing in it is tried twice (possessive quantifiers), and no part can meet a second "<": a tag
# that is never closed costs no more than its length.
_TOKEN = re.compile(
    r"""<!--|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:]*+)"""
    r"""(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>|<[!?/A-Za-z][^<>]*+>"""
)
_SILENT = {
    name: re.compile(rf"</{name}[^<>]*+>", re.IGNORECASE)
    for name in ("script", "style", "title", "template", "noscript", "svg")
}
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main",
    "nav", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
))
# fmt: on
_SPACED = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "table", "ul"))
_QUOTE_DEPTH_MAX = 3
"""Deeper quotes look the same to us, and cost nothing more."""


def of_html(source: str) -> str:
    """The text of an HTML body: a line for each block, "> " before what is quoted."""
    lines = _Lines()
    position = 0
    while found := _TOKEN.search(source, position):
        lines.say(source[position : found.start()])
        position = found.end()
        if found[0] == "<!--":
            closed = source.find("-->", position)
            position = len(source) if closed < 0 else closed + 3
        elif found["name"]:
            name = found["name"].lower()
            if not found["end"] and name in _SILENT:
                over = _SILENT[name].search(source, position)
                position = over.end() if over else len(source)
            else:
                lines.tag(name, begins=not found["end"])
    lines.say(source[position:])
    return lines.text()


class _Lines:
    """Lines as they come out of the tags."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._line: list[str] = []
        self._quotes = 0

    def say(self, raw: str) -> None:
        """Text between tags: line breaks in the source are blanks."""
        if raw:
            self._line.append(re.sub(r"[ \t\r\n\f]+", " ", html.unescape(raw)))

    def tag(self, name: str, *, begins: bool) -> None:
        """A tag that opens or closes."""
        if name == "br":
            self._break()
        elif name in _BLOCKS:
            self._end_block(spaced=name in _SPACED)
            if name == "blockquote":
                self._quotes = max(0, self._quotes + (1 if begins else -1))
            elif name == "li" and begins:
                self._line.append("• ")
        elif name in ("td", "th") and not begins:
            self._line.append(" ")

    def text(self) -> str:
        self._end_block(spaced=False)
        return "\n".join(self._done)

    def _end_block(self, *, spaced: bool) -> None:
        # A blank that may not break makes an empty line: so mail programs write one.
        if "".join(self._line).strip(" "):
            self._break()
        self._line.clear()
        if spaced and self._done and self._done[-1]:
            self._done.append("")

    def _break(self) -> None:
        words = " ".join("".join(self._line).split())
        self._line.clear()
        self._done.append("> " * min(self._quotes, _QUOTE_DEPTH_MAX) + words)


# --- Plain text ----------------------------------------------------------------------------------


def cleaned(text: str) -> str:
    """The text with one kind of line break and without what cannot be seen: control characters,
    NUL among them, halves of surrogates, and signs that turn the direction of writing."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return "".join(map(_seen, text))


def one_line(text: str) -> str:
    """The text as a single line."""
    return " ".join(cleaned(text).split())


def _seen(letter: str) -> str:
    if letter.isprintable() or letter == "\n":
        return letter
    if letter == "\t" or unicodedata.category(letter) == "Zs":
        return " "
    # Joiners belong to words of some languages and to emoji.
    return letter if letter in "\u200c\u200d" else ""


# --- The conversation below ----------------------------------------------------------------------

_ABOVE_MAX = 4
"""How many lines a mail program may put between the person's words and what it quotes."""
_INTRODUCTION_LINES_MAX = 3
_INTRODUCTION_CHARACTERS_MAX = 400
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_ADDRESS = re.compile(r"[<(\[][^<>\s]{1,120}@[^<>\s]{1,120}[>)\]]")
_WROTE = re.compile(
    r"\b(?:wrote|writes|пишет|пишут|(?:на)?писал(?:а|и| ?\(а\))?|вы писали .{6,60})\s*:\Z",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"[-_ ]{2,40}(?:original message|forwarded message|исходное сообщение|оригинальное сообщение|"
    r"пересылаемое сообщение|пересланное сообщение)[-_ ]{2,40}|begin forwarded message:|"
    r"начало (?:переадресованного|пересылаемого) сообщения:",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*]{5,}+")
_HEADER = re.compile(
    r"\*?(from|sent|date|to|cc|subject|reply-to|от|от кого|отправлено|дата|кому|копия|тема)\*?:"
    r"\*?(?:\s|\Z)",
    re.IGNORECASE,
)
_SENDERS = frozenset({"from", "от", "от кого"})
_HEADERS_MIN = 3
"""Of so many different ones in a row: two could be somebody's own list."""


def answer(text: str) -> str:
    """What the person wrote themselves, in whatever order they quoted; their signature stays.

    Our own marker outside a quotation ends it, and so do the headers of an earlier letter. Lines
    that begin with ">" go, with the line that introduces them; what stands between or below them
    stays. Where nothing but quotation would be left and nothing of it is surely ours, it is the
    whole text: better too much than a person who was not heard."""
    lines = [line.rstrip() for line in text.split("\n")]
    end, surely = _end(lines)
    kept = _without_quotes(lines[:end])
    found = _tidy(kept)
    return found if found or surely else _tidy(lines)


def _end(lines: list[str]) -> tuple[int, bool]:
    """Where the conversation below begins, and whether it surely does."""
    for at, line in enumerate(lines):
        bare = line.strip()
        if not bare.startswith(">") and _is_marker(bare):
            return _above(lines, at), True
        if _EARLIER.fullmatch(bare) or _begins_headers(lines, at):
            return _above(lines, at), False
        back = _introduces(lines, at)
        if back and not _is_quoted_next(lines, at + 1):
            return at + 1 - back, False
    return len(lines), any(_is_marker(line.lstrip("> ")) for line in lines)


def _is_marker(line: str) -> bool:
    return len(line) <= _MARKER_LINE_MAX and any(mark in line.casefold() for mark in _MARKS)


def _above(lines: list[str], at: int) -> int:
    """The line at which what a mail program put above the quotation begins."""
    start = at
    for _step in range(_ABOVE_MAX):
        before = start - 1
        if before < 0:
            break
        back = _introduces(lines, before)
        if back:
            start -= back
        elif not lines[before].strip("> ") or _RULE.fullmatch(lines[before].strip()):
            start = before
        else:
            break
    return start


def _begins_headers(lines: list[str], at: int) -> bool:
    """Whether the headers of an earlier letter begin here, as Outlook writes them."""
    first = _HEADER.match(lines[at].strip())
    if first is None or first[1].lower() not in _SENDERS:
        return False
    near = (_HEADER.match(line.strip()) for line in lines[at : at + 8])
    return len({found[1].lower() for found in near if found}) >= _HEADERS_MIN


def _introduces(lines: list[str], at: int) -> int:
    """How many lines, the last of them at `at`, say who wrote what follows; 0 where none do."""
    if not lines[at].endswith(":"):
        return 0
    said = ""
    for back in range(1, min(_INTRODUCTION_LINES_MAX, at + 1) + 1):
        line = lines[at + 1 - back].strip("> ")
        if not line or len(said) + len(line) > _INTRODUCTION_CHARACTERS_MAX:
            return 0
        said = f"{line} {said}".strip()
        wrote = _WROTE.search(said) is not None
        who = wrote or _ADDRESS.search(said) is not None
        when = _TIME.search(said) or (
            wrote and said.startswith(("On ", "В ")) and re.search(r"\d", said)
        )
        if who and when:
            return back
    return 0


def _is_quoted_next(lines: list[str], start: int) -> bool:
    for line in lines[start:]:
        if line.strip():
            return line.startswith(">")
    return True


def _without_quotes(lines: list[str]) -> list[str]:
    """The lines that are not quoted, without the introductions of those that are."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        if line.startswith(">"):
            continue
        kept.append(line)
        back = _introduces(lines, at)
        if back and _is_quoted_next(lines, at + 1):
            del kept[-back:]
    return kept


def _tidy(lines: list[str]) -> str:
    """The lines with at most one empty one between them."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
