"""Refusals of documents. Nothing of a refused document is kept, and none of these says how it was
looked at: whoever tries what passes learns no more than that it did not."""

from rebind.domain.refusals.catalogue import Level, _, entry

DOCUMENT_KIND = entry(
    "document_kind",
    400,
    _("This kind of document is not taken here"),
    _("Choose one of the kinds that are offered; what fits none of them is another document."),
    Level.DEBUG,
)
DOCUMENT_TYPE = entry(
    "document_type",
    415,
    _("This kind of file cannot be used"),
    _("Send a photo, as JPEG or PNG, or a PDF. A photo of the paper, taken by phone, will do."),
)
DOCUMENT_TOO_LARGE = entry(
    "document_too_large",
    413,
    _("This file is too large"),
    _("Send only the pages that we asked for, or a photo in an ordinary size."),
)
DOCUMENT_UNREADABLE = entry(
    "document_unreadable",
    422,
    _("We could not open this file"),
    _(
        "It may be damaged or protected by a password. Open it on your device, save it anew "
        "without a password, or photograph the paper, and send that."
    ),
)
DOCUMENT_INFECTED = entry(
    "document_infected",
    422,
    _("This file did not pass the check for viruses"),
    _("It was not kept. Photograph the paper and send the photo instead."),
    Level.WARNING,
)
SCANNER_UNAVAILABLE = entry(
    "scanner_unavailable",
    429,
    _("Files cannot be checked just now"),
    _("Your file was not kept. Nothing is wrong with it; please send it again after {until}."),
    Level.WARNING,
)
DOCUMENT_NOT_KEPT = entry(
    "document_not_kept",
    429,
    _("Files cannot be kept just now"),
    _("Nothing is wrong with your file; please send it again after {until}."),
    Level.WARNING,
)
