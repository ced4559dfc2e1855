"""The nginx of this machine, with a folder and ports of its own."""

import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time

from cryptography import x509

from harness.process import Failed, Server

PROGRAM = shutil.which("nginx") or "/usr/sbin/nginx"
PATIENCE = 60

MAIN = """\
user root;
worker_processes 1;
pid @DIR@/nginx.pid;
error_log @DIR@/error.log;
events {
    worker_connections 64;
}
http {
    access_log off;
    include conf.d/*.conf;
    include sites-enabled/*;
}
"""


class Nginx:
    """Files of a configuration in which @DIR@, @HTTP@ and @HTTPS@ stand for the folder and two ports.

    A file whose contents are a path behind "->" is a symbolic link."""

    def __init__(self, folder, files, http_port, https_port):
        self.folder = pathlib.Path(folder)
        self.http_port, self.https_port = http_port, https_port
        self.configuration = self.folder / "nginx.conf"
        for place in ("conf.d", "sites-enabled", "html"):
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.write("html/index.html", "a page\n")
        for name, text in ({"nginx.conf": MAIN} | files).items():
            self.write(name, text)
        self.server = None

    def filled(self, text):
        return (text.replace("@DIR@", str(self.folder)).replace("@HTTP@", str(self.http_port))
                .replace("@HTTPS@", str(self.https_port)))

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            path.symlink_to(text.removeprefix("->").strip())
        else:
            path.write_bytes(self.filled(text).encode())

    def files(self):
        """What each file of the configuration holds; of links, where they lead."""
        return {str(path.relative_to(self.folder)):
                os.readlink(path) if path.is_symlink() else path.read_bytes()
                for path in sorted(self.folder.rglob("*"))
                if (path.is_symlink() or path.is_file())
                and path.suffix not in (".log", ".pid", ".sock") and path.parent.name != "html"}

    def option(self, *words):
        """What stands behind "nginx:" to say that this one is meant."""
        return ",".join([str(self.configuration), f"program={PROGRAM}", f"prefix={self.folder}",
                         f"http-port={self.http_port}", *words])

    def test(self):
        """What `nginx -t` has against the configuration; empty if nothing."""
        done = subprocess.run([PROGRAM, "-t", "-q", "-c", self.configuration, "-p", self.folder],
                              text=True, capture_output=True, timeout=PATIENCE)
        return "" if done.returncode == 0 else done.stderr

    def start(self):
        self.server = Server(
            [PROGRAM, "-c", self.configuration, "-p", f"{self.folder}/", "-g", "daemon off;"],
            self.folder / "output.log")
        self.server.wait_until(
            lambda: (self.folder / "nginx.pid").exists()
            and (self.folder / "nginx.pid").read_text().strip(), PATIENCE)
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.server is not None:
            self.server.signal(signal.SIGTERM)
            self.server.wait(PATIENCE)
            self.server = None

    def shown(self, name, port=None, address="127.0.0.1"):
        """The certificate that it shows for a name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection((address, port or self.https_port), timeout=PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname=name) as connection:
                return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))

    def answer(self, name, path="/", address="127.0.0.1", tls=False, begin=b""):
        """Status, headers and body of its answer to a request."""
        port = self.https_port if tls else self.http_port
        with socket.create_connection((address, port), timeout=PATIENCE) as connection:
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                connection = context.wrap_socket(connection, server_hostname=name)
            connection.sendall(begin + f"GET {path} HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
        if not head:
            return 0, {}, ""
        status, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(status.split()[1]), headers, body

    def wait_until(self, ready):
        deadline = time.monotonic() + PATIENCE
        while not (result := ready()):
            if time.monotonic() > deadline:
                raise Failed(f"not so in {PATIENCE} s\n{(self.folder / 'error.log').read_text()}")
            time.sleep(0.05)
        return result
