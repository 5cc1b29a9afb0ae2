"""Chance. Everything random in Rebind comes from the operating system through this folder."""
