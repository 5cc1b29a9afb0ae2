"""How a program finds the code in a message.

A link carries a random token, and one token in some thousands holds six digits in a row: digits
that touch a letter, a slash, a dash or a point before them are part of something else. The line
for browsers, `@host #123456` (WebOTP), is not the code that a person reads either.
"""


def code_pattern(digits: int) -> str:
    """A regular expression that finds a code of so many digits and nothing else."""
    return rf"(?<![\w#./-])[0-9]{{{digits}}}(?![\w/-])"
