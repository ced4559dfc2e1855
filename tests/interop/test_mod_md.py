"""Apache's mod_md, which gets the certificates of its virtual hosts."""

import os
import pathlib
import shutil
import tempfile

import pytest

from harness.dns_server import unique_name
from harness.issued import key_type_of, names_of
from harness.process import Server, run
from harness.tls import fetch_verified, served_certificate

KEY_TYPES = {"ec-p256": "secp256r1", "ec-p384": "secp384r1", "rsa2048": "RSA 2048"}
MODULES = ["mpm_event", "authz_core", "dir", "mime", "socache_shmcb", "ssl", "md"]


@pytest.fixture
def server_root():
    """A folder that Apache's children may enter, which pytest's own are not."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-apache-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def configuration(authority, root, name, challenge, key_type):
    modules = "\n".join(
        f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"
        for module in MODULES)
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    return f"""\
ServerRoot {root}
ServerName localhost
PidFile {root}/pid
Mutex file:{root}
ErrorLog /dev/stderr
LogLevel warn md:debug
StartServers 1
{user}
{modules}
TypesConfig /etc/mime.types
Listen 127.0.0.1:{authority.http_port}
Listen 127.0.0.1:{authority.tls_alpn_port} https
DocumentRoot {root}/documents
<Directory {root}/documents>
    Require all granted
</Directory>
Protocols http/1.1 acme-tls/1

MDStoreDir {root}/md
MDCertificateAuthority {authority.directory}
MDCACertificateFile {root}/authority.pem
MDCertificateAgreement accepted
MDContactEmail admin@example.test
MDPortMap http:{authority.http_port} https:{authority.tls_alpn_port}
MDCAChallenges {challenge}
MDPrivateKeys {KEY_TYPES[key_type]}
MDRetryDelay 2s
MDomain {name}

<VirtualHost 127.0.0.1:{authority.http_port}>
    ServerName {name}
</VirtualHost>
<VirtualHost 127.0.0.1:{authority.tls_alpn_port}>
    ServerName {name}
    SSLEngine on
</VirtualHost>
"""


@pytest.mark.parametrize("key_type", KEY_TYPES)
@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01"])
def test_apache_gets_its_certificate(authority, server_root, tmp_path, seen, challenge, key_type):
    name = unique_name()
    (server_root / "documents").mkdir()
    (server_root / "documents" / "index.html").write_text("served by Apache")
    (server_root / "authority.pem").write_text(authority.api_root.read_text())
    file = server_root / "httpd.conf"
    file.write_text(configuration(authority, server_root, name, challenge, key_type))
    command = ["apache2", "-d", server_root, "-f", file]

    with Server([*command, "-D", "FOREGROUND"], tmp_path / "apache2.log") as server:
        # A new certificate is staged until the next restart.
        staged = server_root / "md" / "staging" / name / "job.json"
        server.wait_until(
            lambda: staged.exists() and '"finished": true' in staged.read_text(), timeout=60)
        run([*command, "-k", "graceful"])

        def certificate_for_name():
            certificate = served_certificate(authority.tls_alpn_port, name)
            # Until it has one, mod_md shows a certificate of its own making.
            return certificate if certificate and certificate.subject != certificate.issuer else None

        certificate = server.wait_until(certificate_for_name)
        assert names_of(certificate) == [name]
        assert key_type_of(certificate.public_key()) == key_type
        body = fetch_verified(authority.tls_alpn_port, name, authority.issuer_root())
        assert body == "served by Apache"
    seen("mod_md", challenge, key_type, package="apache2-bin")
