"""A certificate of our own for localhost that one browser trusts, as it would one that an authority has signed.

A browser that only ignores what is wrong with a certificate keeps nothing that came under it: a page that is loaded again would be
fetched whole each time, which no technician's browser does.
"""

import base64
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class TlsFiles:
    """A certificate in a file, and its key in another (PEM)."""

    certificate: Path
    key: Path

    @property
    def trusted(self) -> str:
        """The option with which Chromium takes it for a good one."""
        public = x509.load_pem_x509_certificate(self.certificate.read_bytes()).public_key()
        digest = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
        return f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"


def made_certificate(folder: Path) -> TlsFiles:
    """Make one, with its key, in a folder."""
    files = TlsFiles(folder / "certificate.pem", folder / "key.pem")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    subprocess.run(
        [*command, "-keyout", str(files.key), "-out", str(files.certificate)], check=True, capture_output=True
    )
    return files
