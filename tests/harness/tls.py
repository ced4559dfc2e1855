"""What a TLS server shows."""

import socket
import ssl

from cryptography import x509


def served_certificate(port, name):
    """The certificate that a server on this port shows for a name, not verified; None if the
    handshake fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            with context.wrap_socket(connection, server_hostname=name) as tls:
                return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
    except OSError:
        return None


def fetch_verified(port, name, root_pem):
    """The body that the server on this port sends for https://NAME/, with TLS verified."""
    context = ssl.create_default_context(cadata=root_pem)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        with context.wrap_socket(connection, server_hostname=name) as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := tls.recv(65536):
                answer += part
    return answer.partition(b"\r\n\r\n")[2].decode()
