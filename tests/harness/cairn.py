"""cairn, our client, with a state folder of its own."""

import os
import pathlib
import subprocess

from harness.issued import check_issued, read_chain
from harness.process import BIN, run

HOOK = pathlib.Path(__file__).parents[1] / "interop" / "hooks" / "cairn"


class Cairn:
    def __init__(self, authority, environment, folder):
        self.authority = authority
        self.environment = environment
        self.state = folder / "state"
        self.solvers = {
            "standalone": f"standalone:127.0.0.1:{authority.http_port}",
            "webroot": f"webroot:{folder}/webroot",
            "tls-alpn": f"tls-alpn:127.0.0.1:{authority.tls_alpn_port}",
            "exec": f"exec:{HOOK}",
        }

    def __call__(self, command, *arguments, **options):
        return run([BIN / "cairn", command, *arguments, "--state", self.state],
                   env=self.environment, **options)

    def issue(self, names, solver="standalone", *arguments, **options):
        return self(
            "issue", *(argument for name in names for argument in ("-d", name)),
            "--solver", self.solvers[solver], "--ca", self.authority.directory,
            "--ca-root", self.authority.api_root, "--email", "admin@example.test", "--agree-tos",
            *arguments, **options)

    def account(self, command, *arguments):
        return self("account", command, "--ca-root", self.authority.api_root, *arguments)

    def live(self, lineage):
        return self.state / "live" / lineage

    def check(self, lineage, names, folder, key_type="ec-p256"):
        live = self.live(lineage)
        chain = check_issued(live / "fullchain.pem", self.authority, names, folder,
                             key_file=live / "privkey.pem", key_type=key_type)
        assert read_chain((live / "cert.pem").read_text()) == chain[:1]
        assert read_chain((live / "chain.pem").read_text()) == chain[1:]
        assert (live / "privkey.pem").stat().st_mode & 0o777 == 0o600
        return chain

    def command_line(self, command, *arguments):
        return [str(word) for word in
                (BIN / "cairn", command, *arguments, "--state", self.state)]

    def outcome(self, command, *arguments, environment=None, **options):
        """Runs it whatever its exit code is; the finished process with its outputs as text."""
        return subprocess.run(
            self.command_line(command, *arguments), text=True,
            env=(self.environment or os.environ) | (environment or {}),
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "timeout": 60}
            | options)

    def issuing(self, name, *arguments, directory=None, solver="standalone"):
        """The words of a command that obtains a certificate for one name."""
        return ["issue", "-d", name, "--solver", self.solvers[solver],
                "--ca", directory or self.authority.directory,
                "--ca-root", self.authority.api_root, "--agree-tos", *arguments]

    def serial(self, lineage):
        """Of the certificate that a server would read now; none if it could not read one."""
        file = self.live(lineage) / "fullchain.pem"
        return read_chain(file.read_text())[0].serial_number if file.exists() else None
