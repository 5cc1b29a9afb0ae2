"""Rebind: a self-hosted account service whose heart is the phone number bound to an account."""

__version__ = "0.1.0"
