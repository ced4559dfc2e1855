"""Apache httpd with a configuration laid out as Debian does it, in a folder of its own."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from harness.ports import reserve_port
from harness.process import Server, run

MODULES = ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_host", "authz_user", "auth_basic",
           "access_compat", "alias", "dir", "env", "headers", "macro", "mime", "proxy", "proxy_http",
           "proxy_wstunnel", "rewrite", "setenvif", "socache_shmcb", "ssl"]
LIBRARY = "/usr/lib/apache2/modules"

MAIN = """\
# The main configuration file.
DefaultRuntimeDir ${APACHE_RUN_DIR}
PidFile ${APACHE_PID_FILE}
Mutex file:${APACHE_RUN_DIR}
User ${APACHE_RUN_USER}
Group ${APACHE_RUN_GROUP}
ErrorLog ${APACHE_LOG_DIR}/error.log
StartServers 1
ServerName localhost
IncludeOptional mods-enabled/*.load
IncludeOptional mods-enabled/*.conf
Include ports.conf
<Directory />
    Require all denied
</Directory>
<Directory @ROOT@/www>
    AllowOverride All
    Require all granted
</Directory>
IncludeOptional sites-enabled/*.conf
"""

PORTS = """\
Listen 127.0.0.1:@HTTP@

<IfModule ssl_module>
\tListen 127.0.0.1:@HTTPS@ https
</IfModule>
"""

ENVVARS = """\
# read by the shell
export APACHE_RUN_USER=@USER@
export APACHE_RUN_GROUP=@GROUP@
export APACHE_PID_FILE=@ROOT@/run/apache2.pid
export APACHE_RUN_DIR=@ROOT@/run
export APACHE_LOG_DIR=@ROOT@/log
"""

SSL_CONF = """\
<IfModule mod_ssl.c>
SSLSessionCache shmcb:${APACHE_RUN_DIR}/ssl_scache(512000)
SSLCipherSuite HIGH:!aNULL
SSLProtocol all -SSLv3
</IfModule>
"""


class Apache:
    """Its files are written first, then it is started; `stop` ends it and removes the folder."""

    def __init__(self, files=None, modules=None):
        # A folder that Apache's children may enter, which pytest's own are not.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cairn-apache-"))
        self.root.chmod(0o755)
        self.http_port, self.https_port = reserve_port(), reserve_port()
        self.server = None
        for folder in ("run", "log", "www", "sites-available", "sites-enabled", "mods-available",
                       "mods-enabled", "conf-enabled"):
            (self.root / folder).mkdir()
        (self.root / "www" / "index.html").write_text("the site\n")
        for module in MODULES:
            load = self.root / "mods-available" / f"{module}.load"
            depends = "# Depends: setenvif mime socache_shmcb\n" if module == "ssl" else ""
            load.write_text(f"{depends}LoadModule {module}_module {LIBRARY}/mod_{module}.so\n")
        (self.root / "mods-available" / "ssl.conf").write_text(SSL_CONF)
        self.write("mods-available/mime.conf", "TypesConfig /etc/mime.types\n")
        self.write("apache2.conf", MAIN)
        self.write("ports.conf", PORTS)
        self.write("envvars", ENVVARS)
        for module in MODULES if modules is None else modules:
            self.enable(module)
        for name, text in (files or {}).items():
            self.write(name, text)

    def enable(self, module):
        for file in (self.root / "mods-available").glob(f"{module}.*"):
            link = self.root / "mods-enabled" / file.name
            if not link.is_symlink():
                link.symlink_to(f"../mods-available/{file.name}")

    def write(self, name, text):
        """A file; one of sites-available is enabled by a link, as a2ensite does."""
        is_root = os.geteuid() == 0
        values = {"ROOT": self.root, "HTTP": self.http_port, "HTTPS": self.https_port,
                  "USER": "www-data" if is_root else os.environ.get("USER", "nobody"),
                  "GROUP": "www-data" if is_root else "nogroup"}
        text = re.sub("@([A-Z]+)@", lambda match: str(values.get(match[1], match[0])), text)
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        if file.parent.name == "sites-available":
            link = self.root / "sites-enabled" / file.name
            if not link.is_symlink():
                link.symlink_to(f"../sites-available/{file.name}")
        return file

    def environment(self):
        shell = subprocess.run(["sh", "-c", f". {self.root}/envvars; env -0"], check=True,
                               stdout=subprocess.PIPE)
        return dict(line.split("=", 1) for line in shell.stdout.decode().split("\0") if line)

    def command(self, *arguments):
        return ["apache2", "-d", self.root, "-f", self.root / "apache2.conf", *arguments]

    def start(self):
        self.server = Server(self.command("-D", "FOREGROUND"), self.root / "log" / "out.log",
                             env=self.environment())
        pid_file = self.root / "run" / "apache2.pid"
        self.server.wait_until(pid_file.exists, timeout=60)
        return self

    def test(self):
        """It would start with the files as they are."""
        run(self.command("-t"), env=self.environment())

    def restart(self):
        self.halt()
        return self.start()

    def halt(self):
        if self.server:
            self.server.signal(signal.SIGTERM)
            self.server.stop()
            (self.root / "run" / "apache2.pid").unlink(missing_ok=True)
            self.server = None

    def stop(self):
        self.halt()
        shutil.rmtree(self.root, ignore_errors=True)

    def files(self):
        """What the configuration consists of: path, to contents or to the target of a link."""
        found = {}
        for file in sorted(self.root.rglob("*")):
            name = str(file.relative_to(self.root))
            if name.split("/")[0] in ("run", "log", "www"):
                continue
            if file.is_symlink():
                found[name] = f"-> {os.readlink(file)}"
            elif file.is_file():
                status = file.stat()
                found[name] = (file.read_bytes(), status.st_mode, status.st_uid, status.st_gid)
        return found

    def read(self, name):
        return (self.root / name).read_bytes().decode()

    @property
    def place(self):
        return f"{self.root},http-port={self.http_port}"
