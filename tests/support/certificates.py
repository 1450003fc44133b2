"""Certificates for servers on loopback, made with the openssl program."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def make_authority(folder: Path) -> Path:
    """Fill the folder with an authority, a server's and a client's key and certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make certificates")

    def run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run(
        *("req", "-x509", *key, "-subj", "/CN=test authority", "-keyout", "ca.key"),
        *("-out", "ca.pem", "-addext", "keyUsage=critical,keyCertSign"),
    )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for who in ("server", "client"):
        run("req", *key, "-subj", f"/CN={who}", "-keyout", f"{who}.key", "-out", f"{who}.csr")
        run(
            *("x509", "-req", "-in", f"{who}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-extfile", "names", "-out", f"{who}.pem"),
        )
        both = (folder / f"{who}.pem").read_text() + (folder / f"{who}.key").read_text()
        (folder / f"{who}-both.pem").write_text(both)
    return folder
