"""A Kerberos realm on this machine: its key distribution centre, principals and their keys."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.ports import reserve_port
from harness.process import Server

REALM = "EXAMPLE.TEST"


class Realm:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-krb-"))
        self.folder.chmod(0o755)
        port = reserve_port()
        (self.folder / "krb5.conf").write_text(f"""\
[libdefaults]
    default_realm = {REALM}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
    {REALM} = {{
        kdc = 127.0.0.1:{port}
    }}
""")
        (self.folder / "kdc.conf").write_text(f"""\
[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {REALM} = {{
        database_name = {self.folder}/principal
        key_stash_file = {self.folder}/stash
        acl_file = {self.folder}/acl
    }}
[logging]
    kdc = STDERR
""")
        self.environment = {"KRB5_CONFIG": str(self.folder / "krb5.conf"),
                            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
                            "KRB5RCACHENAME": "none:"}
        self._run("kdb5_util", "-r", REALM, "create", "-s", "-P", "of the database")
        self.server = Server(["/usr/sbin/krb5kdc", "-n", "-r", REALM], self.folder / "log",
                             env=os.environ | self.environment)

    def _run(self, program, *arguments):
        return subprocess.run([shutil.which(program) or f"/usr/sbin/{program}", *arguments], check=True,
                              env=os.environ | self.environment, capture_output=True, text=True).stdout

    def key_of(self, principal):
        """A file with the key of a principal, which is made."""
        file = self.folder / f"{principal.replace('/', '-')}.keytab"
        self._run("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {principal}")
        self._run("kadmin.local", "-r", REALM, "-q", f"ktadd -k {file} {principal}")
        file.chmod(0o644)
        return file

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
