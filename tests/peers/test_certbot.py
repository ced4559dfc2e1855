"""The newest certbot: it asks for renewal information by itself."""

from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.process import run
from peers.driver import PROFILE, check_short, new_binding


def test_certbot(peer, bound_ca, environment, tmp_path):
    name, folder = unique_name(), tmp_path / "certbot"
    program = peer("certbot") / "bin" / "certbot"

    def certbot(*arguments):
        return run([program, *arguments, "--non-interactive", "--server", bound_ca.directory,
                    "--config-dir", folder, "--work-dir", folder / "work",
                    "--logs-dir", folder / "logs"], env=environment, timeout=120)

    kid, hmac = new_binding(bound_ca)
    certbot("certonly", "--agree-tos", "--email", "admin@example.test", "--eab-kid", kid,
            "--eab-hmac-key", hmac, "--required-profile", PROFILE, "--standalone",
            "--http-01-address", "127.0.0.1", "--http-01-port", bound_ca.http_port, "-d", name)
    chain_file = folder / "live" / name / "fullchain.pem"
    first = read_chain(chain_file.read_text())
    check_short(first, bound_ca, name, tmp_path)

    # Due is what its renewal information says, which certbot asks for no sooner than it was told.
    certbot("revoke", "--cert-path", folder / "live" / name / "cert.pem", "--reason", "superseded",
            "--no-delete-after-revoke")
    certbot("renew", "--no-random-sleep-on-renew")
    second = read_chain(chain_file.read_text())
    check_short(second, bound_ca, name, tmp_path)
    assert second[0].serial_number != first[0].serial_number
    certbot("renew", "--no-random-sleep-on-renew")
    assert read_chain(chain_file.read_text()) == second
