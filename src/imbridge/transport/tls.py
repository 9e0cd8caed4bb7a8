import ssl
from pathlib import Path


def verified_context(extra_ca: Path | str | None = None) -> ssl.SSLContext:
    """Build the one TLS context of a process: certificates and host names verified, TLS 1.2 or newer.

    Reads the system's certificates from disk (tens of milliseconds), so call it off the event loop.

    Args:
        extra_ca: A PEM file with further certificate authorities, for example of a company proxy.

    Raises:
        OSError: The file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if extra_ca is not None:
        context.load_verify_locations(cafile=str(extra_ca))
    return context
