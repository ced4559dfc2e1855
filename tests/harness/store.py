"""Looks into the embedded store of a cairn-ca, which other processes may read while it runs."""

import contextlib
import sqlite3

from cryptography import x509


class Store:
    def __init__(self, file):
        self.file = file

    def _rows(self, statement, *values):
        uri = f"file:{self.file}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()

    def revocation_reason(self, serial):
        """The reason code for which the certificate was revoked; None if it was not."""
        octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
        rows = self._rows(
            "SELECT reason FROM revocations JOIN certificates ON number = certificate"
            " WHERE serial = ?", octets)
        return rows[0][0] if rows else None

    def certificates(self):
        """Every certificate that was issued for an order."""
        rows = self._rows("SELECT der FROM certificates WHERE order_id IS NOT NULL")
        return [x509.load_der_x509_certificate(der) for (der,) in rows]

    def certificates_per_order(self):
        rows = self._rows("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL"
                          " GROUP BY order_id")
        return [count for (count,) in rows]

    def unfinished(self):
        """How many validations and issuances were begun and have not come to an end."""
        return self._rows(
            "SELECT (SELECT count(*) FROM authorizations WHERE started IS NOT NULL AND finished IS NULL)"
            " + (SELECT count(*) FROM orders WHERE begun IS NOT NULL AND completed IS NULL"
            " AND problem IS NULL)")[0][0]

    def count(self, table):
        return self._rows(f"SELECT count(*) FROM {table}")[0][0]

    def pinned_octets(self):
        """What the only order is bound to, if it is."""
        return self._rows("SELECT pinned_octets FROM orders")[0][0]

    def block_key(self, digest):
        """As the revocation of another certificate with this key would. The CA must not run."""
        with contextlib.closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute("INSERT INTO blocked_keys VALUES (?)", [digest])

    def check_integrity(self):
        assert self._rows("PRAGMA integrity_check") == [("ok",)]
