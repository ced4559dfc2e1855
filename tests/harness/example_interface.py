"""The interface of the DNS provider that the guide to recipes speaks with: JSON over HTTPS, a token, zones in
pages, records with ids. What it is asked for it does at a name server that takes updates. A program for the
guide's machine: CERTIFICATE KEY."""

import http.server
import itertools
import json
import re
import ssl
import subprocess
import sys
import threading

TOKEN = "Bearer an-example-token"
ZONES = {17: "example.net", 18: "example.com"}
records = {}
ids = itertools.count(1)
one_at_a_time = threading.Lock()


def update(action, record):
    name = f"{record['name']}.{ZONES[record['zone']]}."
    subprocess.run(["knsupdate"], check=True, text=True, input=(
        f"server 127.0.0.1\nzone {ZONES[record['zone']]}\nupdate {action} {name} 0 TXT \"{record['content']}\"\nsend\n"))


class Interface(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def respond(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != TOKEN:
            return self.answer(401, {"error": "no such token"})
        if found := re.fullmatch(r"/v1/zones\?page=(\d+)", self.path):
            page = [zone for number, zone in enumerate(ZONES.items(), 1) if number == int(found[1])]
            return self.answer(200, {"zones": [{"id": key, "name": name} for key, name in page]})
        found = re.fullmatch(r"/v1/zones/(\d+)/records(?:/(\d+))?", self.path)
        if not found or int(found[1]) not in ZONES:
            return self.answer(404, {"error": "there is no such thing"})
        zone, key = int(found[1]), int(found[2] or 0)
        if self.command == "GET":
            return self.answer(200, {"records": [
                {"id": number, **record} for number, record in records.items() if record["zone"] == zone]})
        if self.command == "POST":
            record = {"zone": zone, **json.loads(body)}
            update("add", record)
            records[next(ids)] = record
            return self.answer(201, {})
        if key not in records:
            return self.answer(404, {"error": "no such record"})
        update("delete", records.pop(key))
        return self.answer(200, {})

    def take_turn(self):
        with one_at_a_time:
            self.respond()

    do_GET = do_POST = do_DELETE = take_turn


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.4", 443), Interface)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
