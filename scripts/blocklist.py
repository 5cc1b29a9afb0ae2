"""Makes src/rebind/providers/leaks/common.bin anew: the list of common passwords that ships.

For: `python -m scripts.blocklist` writes the file, `--check` only says whether it would stay the
same. It takes published lists out of packages of fixed versions and hashes, fetched with pip and
npm, and adds what people make of such words: the word, and an ending. Refuses a package whose hash
differs.
Neighbours: `rebind.providers.leaks.common` has the format, docs/decisions/0012-passwords.md the
sources and their licences.
"""

import gzip
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from heapq import merge
from itertools import islice
from pathlib import Path

from rebind.domain.passwords import LATIN, MIN_SECOND_FACTOR, RUSSIAN
from rebind.providers.leaks.common import FILE, folded, packed

KEYS_MAX = 360_000
"""Of 4 bytes each: 1.44 MB, and one in 12,000 other passwords taken for one of them."""

DJANGO = "Django==5.2.19"
DJANGO_FILE = "django/contrib/auth/common-passwords.txt.gz"
DJANGO_SHA256 = "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00"

ZXCVBN_TS = "@zxcvbn-ts/language-common@4.1.3"
ZXCVBN_TS_FILE = "package/src/passwords.json"
ZXCVBN_TS_SHA256 = "bf3027c16c069d7877e25dc8751bc819e10e479afcc5ee1a323eb2ab73129ca9"

ZXCVBN_SHA256 = "e7542100ba2abcdf12e3bbc3318f0429d9bf136014dcfe0b5f977b8ad4a13bb5"
"""Of frequency_lists.py in zxcvbn 4.5.0, which is in our lock."""

ENDINGS_MAX = 2_000
YEARS_AFTER = 24
LETTERS_MIN = 3

SIGNS_FOR_LETTERS = ("o0", "a@", "a@o0", "a4", "e3", "i1", "s$", "a4e3i1o0", "a@e3i1o0s$")
SIGNS_COST = 8
"""How many times rarer a word is with such signs than without: an estimate."""

RUSSIAN_COST = 3
"""Every third place among the words: the lists hold few of them, our people type many."""

# Common Russian words and names, the likeliest first.
RUSSIAN_WORDS = """
пароль привет любовь йцукен наташа марина максим солнышко россия люблю спартак дмитрий андрей
александр сергей алексей владимир николай евгений анастасия екатерина светлана татьяна кристина
виктория ольга елена ирина юлия анна мария дарья полина ксения алина диана валерия вероника
надежда любимая любимый солнце зайка зайчик котенок киска кошка собака мама папа мамочка семья
счастье жизнь ангел принцесса красотка малышка москва питер сибирь казань украина беларусь
самара динамо зенит локомотив цска крылья футбол хоккей чемпион медведь волк тигр дракон звезда
звездочка сердце ромашка роза вишня малина клубника шоколад конфета компьютер интернет телефон
админ администратор пользователь секрет доступ защита вход гость тест проверка работа деньги
миллион рубль доллар машина мерседес лада ягуар феррари матрица терминатор бэтмен сталкер
контра танки солдат десант победа родина весна лето осень зима январь февраль март апрель июнь
июль август сентябрь октябрь ноябрь декабрь понедельник вторник среда четверг пятница суббота
воскресенье артем роман павел михаил виктор олег игорь денис антон кирилл никита илья егор
иван данила владислав вячеслав станислав ярослав руслан тимур вадим юрий борис григорий петр
константин василий анатолий валентин валентина галина людмила лариса оксана жанна снежана
маргарита елизавета софия варвара алена яна карина эльвира иванов петров сидоров смирнов
кузнецов попов васильев соколов михайлов новиков федоров морозов волков алексеев лебедев
семенов егоров павлов козлов степанов николаев орлов андреев макаров никитин захаров зайцев
солнышка лапочка зайчонок любимка радость мечта надежда вера удача успех здравствуй здравствуйте
спасибо пожалуйста хорошо отлично супер класс привет всем ктулху медвед превед дурак дура козел
идиот черт дьявол сатана кролик лисичка белка ежик слон жираф обезьяна крокодил попугай рыбка
акула дельфин черепаха бабочка паук змея орел сокол ворона кукушка гитара музыка песня танец
театр школа университет студент учитель директор начальник бухгалтер менеджер инженер доктор
водитель капитан адмирал генерал полковник майор король королева принц царь император
"""

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
SOUNDS = "a b v g d e e zh z i y k l m n o p r s t u f h ts ch sh sch  y  e yu ya"
SOUND_OF = dict(zip(LETTERS, SOUNDS.split(" "), strict=True))


def fetched(place: Path) -> tuple[list[str], list[str]]:
    """Django's list and the one of zxcvbn-ts, the commonest first."""
    asked = place / "asked.txt"
    asked.write_text(f"{DJANGO} --hash=sha256:{DJANGO_SHA256}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--quiet", "download", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--only-binary=:all:", "-r", asked, "-d", place], check=True)
    subprocess.run(["npm", "pack", "--silent", ZXCVBN_TS], cwd=place, check=True, stdout=sys.stderr)
    (wheel,), (package,) = place.glob("[Dd]jango-*.whl"), place.glob("zxcvbn-ts-*.tgz")
    proved(package, ZXCVBN_TS_SHA256)
    with zipfile.ZipFile(wheel) as archive:
        django = gzip.decompress(archive.read(DJANGO_FILE)).decode("utf-8").splitlines()
    with tarfile.open(package) as tar:
        file = tar.extractfile(ZXCVBN_TS_FILE)
        assert file is not None, f"{ZXCVBN_TS} holds no {ZXCVBN_TS_FILE}"
        typescript: list[str] = json.load(file)
    return django, typescript


def installed() -> dict[str, list[str]]:
    """The lists of the zxcvbn that we run."""
    from zxcvbn import frequency_lists  # type: ignore[import-untyped]

    proved(Path(frequency_lists.__file__), ZXCVBN_SHA256)
    lists: dict[str, list[str]] = frequency_lists.FREQUENCY_LISTS
    return lists


def proved(file: Path, expected: str) -> None:
    """Stop where a file is another than the one that was looked at."""
    if sha256(file.read_bytes()).hexdigest() != expected:
        raise SystemExit(f"{file.name} is not the file that this script knows")


def other_layout(word: str) -> str:
    """A Russian word, typed with the keyboard set to Latin: "пароль" is "gfhjkm"."""
    return word.translate(str.maketrans(RUSSIAN, LATIN))


def spelled(word: str) -> str:
    """A Russian word in Latin letters by its sound."""
    return "".join(SOUND_OF[letter] for letter in word)


def parted(password: str) -> tuple[str, str]:
    """The letters that it begins with, and its ending."""
    word = re.match(r"[^\W\d_]*", password)
    letters = word.group() if word else ""
    return letters, password[len(letters) :]


def words(ranked: Iterable[str]) -> list[tuple[int, str]]:
    """What endings are put to, with its rank: words that are passwords, and Russian ones in their
    three spellings."""
    letters = dict.fromkeys(parted(one)[0] for one in ranked)
    made = {one: rank for rank, one in enumerate(filter(long_enough, letters), 1)}
    for place, word in enumerate(RUSSIAN_WORDS.split(), 1):
        for one in {word, other_layout(word), spelled(word)}:
            made[one] = min(made.get(one, sys.maxsize), place * RUSSIAN_COST)
    for one, rank in list(made.items()):
        for signs in SIGNS_FOR_LETTERS:
            table = str.maketrans(signs[::2], signs[1::2])
            made.setdefault(one.translate(table), rank * SIGNS_COST)
    return sorted((rank, one) for one, rank in made.items())


def long_enough(letters: str) -> bool:
    """Whether people would know it for a word."""
    return len(letters) >= LETTERS_MIN


def endings(published: Iterable[str]) -> list[str]:
    """What people put behind a word, the commonest first, counted in the published lists. Nothing
    is the first of them."""
    counted = Counter(
        ending
        for letters, ending in map(parted, published)
        if long_enough(letters) and ending and not any(sign.isalpha() for sign in ending)
    )
    ranked = sorted(counted, key=lambda ending: (-counted[ending], ending))
    # Years come early: the newest ones, which everybody writes now, are missing in old lists.
    years = [str(year) for year in range(2026, 1949, -1)]
    early, late = ranked[:YEARS_AFTER], ranked[YEARS_AFTER:ENDINGS_MAX]
    return list(dict.fromkeys(["", *early, *years, *late]))


def derived(bases: list[tuple[int, str]], ends: list[str]) -> Iterator[str]:
    """Words with endings, the likeliest first: both are Zipf's, so a pair is as rare as its ranks
    multiplied."""

    def with_one(place: int, end: str) -> Iterator[tuple[int, str]]:
        return ((rank * place, word + end) for rank, word in bases)

    pairs = merge(*(with_one(place, end) for place, end in enumerate(ends, 1)))
    return (password for _rank, password in pairs)


def counted(passwords: Iterable[str]) -> set[str]:
    """Those that may become keys: folded, and long enough for anybody to set."""
    told = map(folded, passwords)
    return {one for one in told if len(one) >= MIN_SECOND_FACTOR}


def chosen(django: list[str], typescript: list[str], lists: dict[str, list[str]]) -> set[str]:
    """All that goes into the file: everything that was published, then derived ones until it is
    full."""
    ranked = list(dict.fromkeys([*typescript, *django, *lists["passwords"]]))
    single = [word for name in sorted(lists) for word in lists[name]]
    single += [
        form(word) for word in RUSSIAN_WORDS.split() for form in (str, other_layout, spelled)
    ]
    all_of_them = counted([*ranked, *single])
    print(f"published, {MIN_SECOND_FACTOR} or longer: {len(all_of_them):,}", file=sys.stderr)
    more = (
        told
        for one in derived(words(ranked), endings(ranked))
        if len(told := folded(one)) >= MIN_SECOND_FACTOR and told not in all_of_them
    )
    # `more` looks at the set while it grows, so nothing is counted twice.
    for one in islice(more, KEYS_MAX - len(all_of_them)):
        all_of_them.add(one)
    return all_of_them


def main() -> None:
    """Write the file, or compare."""
    with tempfile.TemporaryDirectory() as place:
        django, typescript = fetched(Path(place))
    made = packed(chosen(django, typescript, installed()))
    if "--check" in sys.argv[1:]:
        same = FILE.exists() and FILE.read_bytes() == made
        raise SystemExit(None if same else f"{FILE.name} is not what this script makes")
    FILE.write_bytes(made)
    print(f"{FILE.name}: {len(made):,} bytes")


if __name__ == "__main__":
    main()
