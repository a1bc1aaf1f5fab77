"""Which certificates are trusted, and what went wrong with a connection, in words."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and host name verified, with `ca_file` trusted as well.

    Raises ConfigError where that file cannot be read.
    """
    trusted = ssl.create_default_context()
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        try:
            trusted.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            why = "it holds no certificate in PEM form"
            if not isinstance(error, ssl.SSLError):
                why = getattr(error, "strerror", None) or type(error).__name__
            raise ConfigError(
                f"The file of trusted certificates cannot be read ({why}).",
                where=str(ca_file),
                next_step="Name a file in PEM form with ca_file.",
            ) from None
    return trusted


def trouble(error: OSError, server: str) -> tuple[str, bool]:
    """What went wrong with the connection to `server`, and whether the same may pass by itself."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        detail = (
            f"The certificate of the {server} is not to be trusted ({why}). If it is a server of"
            " your own, name its certificates with ca_file; nothing was sent."
        )
        return detail, False
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or type(error).__name__).replace("_", " ").lower()
        return f"No encrypted connection to the {server} ({reason}).", True
    if isinstance(error, socket.gaierror):
        return f"The name of the {server} is not known here.", True
    if isinstance(error, TimeoutError):
        return f"The {server} did not answer in time.", True
    if isinstance(error, ConnectionRefusedError):
        return f"The {server} takes no connection: nothing listens at its port.", True
    why = error.strerror or type(error).__name__
    return f"The connection to the {server} broke ({why}).", True
