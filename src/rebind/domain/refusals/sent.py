"""Refusals of what was sent: it could not be read, or is none of what is asked for. Nothing was
counted, nothing was changed."""

from rebind.domain.refusals.catalogue import Level, _, entry

BODY_MALFORMED = entry(
    "body_malformed",
    400,
    _("We could not read this request"),
    _("The body is not valid JSON in UTF-8, or a field in it has the wrong form."),
    Level.DEBUG,
)
BODY_TOO_LARGE = entry(
    "body_too_large",
    413,
    _("This request is too large"),
    _("Requests to this address may be 16 KiB at most."),
    Level.DEBUG,
)
CONTENT_TYPE_WRONG = entry(
    "content_type_wrong",
    415,
    _("Wrong content type"),
    _("Send the body as application/json."),
    Level.DEBUG,
)
FORM_MALFORMED = entry(
    "form_malformed",
    400,
    _("We could not read this form"),
    _("A field is missing, stands there twice, or holds signs that no form sends. Load it anew."),
    Level.DEBUG,
)
FORM_FOREIGN = entry(
    "form_foreign",
    403,
    _("This form came from another site"),
    _("Nothing was done. Open the page on this site and try again there."),
    Level.WARNING,
)
FORM_STALE = entry(
    "form_stale",
    403,
    _("This page was open for too long"),
    _("Nothing was done. Check what you entered and send it once more."),
)
PATH_UNKNOWN = entry(
    "path_unknown", 404, _("There is nothing here"), _("This address does not exist."), Level.DEBUG
)
METHOD_NOT_ALLOWED = entry(
    "method_not_allowed",
    405,
    _("This cannot be done here"),
    _("This address does not answer to that method."),
    Level.DEBUG,
)
NUMBER_MALFORMED = entry(
    "number_malformed",
    422,
    _("This is not a phone number"),
    _("Write the number with its country code, for example +7 916 123-45-67."),
    Level.DEBUG,
)
EMAIL_MALFORMED = entry(
    "email_malformed",
    422,
    _("This is not an e-mail address"),
    _("Write it in full, with what follows the @ sign."),
    Level.DEBUG,
)
NUMBER_IMPOSSIBLE = entry(
    "number_impossible",
    422,
    _("This number does not exist"),
    _("Please check the digits: no operator gives out such a number."),
    Level.DEBUG,
)
NUMBER_KIND = entry(
    "number_kind_not_allowed",
    422,
    _("This kind of number cannot be used"),
    _(
        "Use a mobile number: toll-free, premium, shared-cost, pager and voicemail numbers are "
        "not accepted."
    ),
)
NUMBER_COUNTRY = entry(
    "number_country_not_allowed",
    422,
    _("Numbers of this country are not accepted"),
    _("This service does not accept numbers of that country."),
)
CODE_MALFORMED = entry(
    "code_malformed",
    422,
    _("This is not a code"),
    _("The code has {digits} digits and nothing else. This try was not counted."),
    Level.DEBUG,
)
PROOF_NOT_OFFERED = entry(
    "proof_not_offered",
    422,
    _("This proof cannot be used here"),
    _("See what the request still needs."),
    Level.DEBUG,
)
JOURNEY_NOT_OFFERED = entry(
    "journey_not_offered",
    422,
    _("This is not offered yet"),
    _("This service does not offer that step yet."),
)
