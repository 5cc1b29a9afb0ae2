"""The door for letters: people answer a support case by replying to its e-mails."""
