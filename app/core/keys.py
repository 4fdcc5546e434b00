"""Sealing what must not be read, and finding what must not be stored in the clear.

Values are sealed with AES-256-GCM-SIV (RFC 8452: a repeated nonce costs nothing but showing that two values are equal) under the first
key of an ordered ring; the table, column and row are bound in as associated data, so a sealed value copied to another row does not open.
Phone numbers are looked up by an HMAC-SHA-256 under a separate key that never rotates, since a suppressed number must be recognised after
the number itself was forgotten.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

FORMAT = b"\x01"
TAG_BYTES = 4
NONCE_BYTES = 12
KEY_BYTES = 32


class KeyProblem(ValueError):
    """A key ring that can't be used, or a value that no key of the ring opens."""


class Keys:
    """The ring that seals and the key that fingerprints. `ring` is the text of VIGIA_KEYS: base64 keys, the newest first, with commas."""

    def __init__(self, ring: str, hash_key: str) -> None:
        secrets_of_ring = [_decode(part) for part in ring.split(",") if part.strip()]
        if not secrets_of_ring:
            raise KeyProblem("VIGIA_KEYS holds no key; make one with `vigia keys new`")
        self._newest = _key_tag(secrets_of_ring[0])
        self._ciphers = {_key_tag(secret): AESGCMSIV(secret) for secret in secrets_of_ring}
        self._hash_key = _decode(hash_key)

    @property
    def newest(self) -> bytes:
        """What every value begins with that is sealed under the newest key."""
        return FORMAT + self._newest

    def seal(self, text: str | bytes, table: str, column: str, row: UUID) -> bytes:
        """`text` sealed for exactly this cell."""
        plain = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, plain, _cell(table, column, row))
        return self.newest + nonce + sealed

    def unseal_bytes(self, sealed: bytes, table: str, column: str, row: UUID) -> bytes:
        """The bytes that were sealed for this cell. Raises KeyProblem if no key of the ring opens it here."""
        tag, nonce = sealed[1 : 1 + TAG_BYTES], sealed[1 + TAG_BYTES : 1 + TAG_BYTES + NONCE_BYTES]
        cipher = self._ciphers.get(tag)
        if sealed[:1] != FORMAT or cipher is None:
            raise KeyProblem(f"{table}.{column} was sealed with a key that is not in VIGIA_KEYS")
        try:
            return cipher.decrypt(nonce, sealed[1 + TAG_BYTES + NONCE_BYTES :], _cell(table, column, row))
        except InvalidTag as error:
            raise KeyProblem(f"{table}.{column} does not open: it was altered or belongs to another row") from error

    def unseal(self, sealed: bytes, table: str, column: str, row: UUID) -> str:
        """The text that was sealed for this cell. Raises KeyProblem."""
        return self.unseal_bytes(sealed, table, column, row).decode("utf-8", "surrogatepass")

    def fingerprint(self, kind: str, value: str) -> bytes:
        """32 bytes that are the same for the same `value` of one `kind` (phone, sid, token), and tell nothing without the key."""
        return hmac.digest(self._hash_key, f"{kind}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def new_key() -> str:
    """A fresh 256-bit key as the base64 text that the settings take."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def _decode(text: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text.strip())
    except binascii.Error as error:
        raise KeyProblem("a key is not base64; make one with `vigia keys new`") from error
    if len(key) != KEY_BYTES:
        raise KeyProblem(f"a key is {len(key)} bytes long instead of {KEY_BYTES}; make one with `vigia keys new`")
    return key


def _key_tag(secret: bytes) -> bytes:
    return hmac.digest(secret, b"which key of the ring", hashlib.sha256)[:TAG_BYTES]


def _cell(table: str, column: str, row: UUID) -> bytes:
    return f"{table}.{column}".encode() + row.bytes
