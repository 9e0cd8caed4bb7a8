"""What holds for all tests, and a certificate for those that need one."""

import datetime as dt
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, settings

from imbridge.storage import MemoryStorage
from leap import Leap

# How fast examples are made and run is the machine's affair: no test fails by the clock. CI tries the same examples
# each time, as hypothesis does by itself; at home they are new ones.
settings.register_profile(
    "imbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("imbridge")


_SERVERS = {
    "PostgreSQL": ("IMBRIDGE_TEST_POSTGRESQL", 5432),
    "MariaDB": ("IMBRIDGE_TEST_MARIADB", 3306),
    "MongoDB": ("IMBRIDGE_TEST_MONGODB_URL", 27017),
    "Redis": ("IMBRIDGE_TEST_REDIS", 6379),
}


def pytest_report_header() -> str:
    """With which servers this run is made. What needs another one is skipped, and the end of the run says why."""
    ours = ", SecantusDB for MongoDB" if find_spec("secantus") else ""
    return "servers: " + ", ".join(f"{name} {_found(*place)}" for name, place in _SERVERS.items()) + ours


def _found(variable: str, port: int) -> str:
    if variable in os.environ:
        return f"as in {variable}"
    with socket.socket() as one:
        one.settimeout(2)
        return f"at 127.0.0.1:{port}" if one.connect_ex(("127.0.0.1", port)) == 0 else "none"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many workers `-n auto` means: tests wait for sockets and processes more than they compute."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def kept_in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where nobody says anything, a bridge under test keeps nothing: to open a file costs more than most tests do.

    What is kept all the same is in a folder that only the test knows, never in that of the person who runs it.
    `tests/runtime/test_runtime_default.py` looks at the default itself.
    """
    data = tmp_path_factory.getbasetemp() / f"data-{uuid4().hex}"
    with pytest.MonkeyPatch.context() as patch:  # of its own: a test may undo what it has patched itself
        patch.setenv("XDG_DATA_HOME", str(data))
        patch.setenv("IMBRIDGE_STORAGE", "memory")
        patch.setattr("imbridge.runtime.bridge.default_storage", lambda durability: MemoryStorage())
        yield


@pytest.fixture
def leap() -> Iterator[Leap]:
    """Moves the clocks of this process on, until the end of the test."""
    with pytest.MonkeyPatch.context() as patch:
        yield Leap(patch)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for 127.0.0.1: its PEM file and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "imbridge test")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_file)
    return pem, context
