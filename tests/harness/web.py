"""Web servers for http-01: one that serves a folder, one that answers for raw ACME sessions."""

import contextlib
import functools
import http.server
import socket
import threading

from harness.serving import serve

PREFIX = "/.well-known/acme-challenge/"


class _Quiet:
    def log_message(self, *_):
        pass


class _Files(_Quiet, http.server.SimpleHTTPRequestHandler):
    pass


class WebServer:
    """Serves on ADDRESS:PORT from threads of this process until it is stopped."""

    def __init__(self, port, handler, address="127.0.0.1"):
        self.server = http.server.ThreadingHTTPServer((address, port), handler)
        self.thread = serve(self.server)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Webroot(WebServer):
    """Serves the files of a folder, which gets a folder for challenges."""

    def __init__(self, port, folder):
        self.folder = folder
        self.challenges = folder / ".well-known" / "acme-challenge"
        self.challenges.mkdir(parents=True)
        super().__init__(port, functools.partial(_Files, directory=str(folder)))


class Redirector(WebServer):
    """Answers each request with a redirect to `location`."""

    def __init__(self, port, location, address="127.0.0.1"):
        class Handler(_Quiet, http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(302)
                self.send_header("Location", location)
                self.end_headers()

        super().__init__(port, Handler, address)


class BlackHole:
    """Accepts connections and stays silent."""

    def __init__(self, port, address):
        self.socket = socket.create_server((address, port), backlog=4096)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Responder(WebServer):
    """Answers http-01 for every name with the key authorizations in `answers`, by token."""

    def __init__(self, port, address="127.0.0.1"):
        self.answers = {}
        self.clients = set()  # addresses that have asked
        self.redirects = {}  # name -> where each request to it is sent on
        answers, clients, redirects = self.answers, self.clients, self.redirects
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        is_open, asked = self.open, self.asked

        class Handler(_Quiet, http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # header and body are sent apart

            def do_GET(self):
                clients.add(self.client_address[0])
                asked.set()
                is_open.wait(30)
                if location := redirects.get(self.headers.get("Host")):
                    self.send_response(302)
                    self.send_header("Location", location)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = answers.get(self.path.removeprefix(PREFIX), "").encode()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(port, Handler, address)

    @contextlib.contextmanager
    def silent(self):
        """Inside the block requests get no answer; they are answered at its end."""
        self.open.clear()
        try:
            yield
        finally:
            self.open.set()
