"""Passkeys: WebAuthn as browsers speak it.

`reading.py` takes apart what a browser sent, and lets nothing through that has no place there;
`webauthn.py` fills the port: what browsers are asked, and whether their answers hold.
"""
