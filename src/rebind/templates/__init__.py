"""Everything that a person reads: messages, refusals, moments of time, in Russian and in English.

English stands in the sources and is the language of last resort; `locale/` holds the translations.
"""
