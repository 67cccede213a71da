"""What a connection is protected by: certificates of a target's settings as an SSL context."""

import ssl
from pathlib import Path

from edge.settings.model import TargetSettings


def open_context(target: TargetSettings) -> ssl.SSLContext:
    """Return a context that proves the server, and us where a certificate is configured.

    TLS 1.2 at least. Raises OSError (ssl.SSLError) or ValueError for files that cannot be used;
    no message holds what a file says.
    """
    context = ssl.create_default_context(cafile=target.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if target.cert_file is not None:
        password = read_secret(target.key_password_file) if target.key_password_file else ""
        # an empty password is an error where one is needed: never a question at the terminal
        context.load_cert_chain(target.cert_file, target.key_file, lambda: password)
    return context


def read_secret(path: Path) -> str:
    """Return the one line of a file of a password or token. Raises OSError or ValueError."""
    return path.read_text(encoding="utf-8").strip()
