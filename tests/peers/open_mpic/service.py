"""A service of the Open MPIC API that open-mpic-core makes: its coordinator, and three perspectives by its
own checkers. What is here beside it is the way in, by TLS, and the way out: host names lead to
127.0.0.1 and to the ports of a test, and the DNS is the test's. Runs in the folder that `./dev peers` made.

Its argument is a JSON object:
  port, certificate, key     where it serves, and by which files
  dns                        the port of a name server at 127.0.0.1
  ports                      {"80": port, "443": port}: where hosts are connected to instead
  dead                       codes of perspectives that give no answer; may be absent
"""

import asyncio
import json
import socket
import ssl
import sys

import dns.asyncresolver
from aiohttp import web
from open_mpic_core import (
    CheckType, MpicCaaChecker, MpicCoordinator, MpicCoordinatorConfiguration, MpicDcvChecker,
    MpicRequest, MpicRequestValidationException, RemotePerspective)
from pydantic import TypeAdapter, ValidationError

PERSPECTIVES = {"lon1": "RIPE NCC", "nyc1": "ARIN", "sin1": "APNIC"}


def use_name_server(port):
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    dns.asyncresolver.default_resolver = resolver


def lead_hosts_here(ports):
    async def addresses(_host, port, **_):
        here = ("127.0.0.1", int(ports[str(port)]))
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", here)]

    asyncio.get_running_loop().getaddrinfo = addresses


def coordinator_of(dead):
    control = MpicDcvChecker(http_client_timeout=10, dns_timeout=5, dns_resolution_lifetime=10)
    caa = MpicCaaChecker([], dns_timeout=5, dns_resolution_lifetime=10)

    async def look(perspective, check_type, request):
        if perspective.code in dead:
            raise ConnectionError("it is down")
        request = request.model_copy(deep=True)  # each checker writes into it
        if check_type == CheckType.CAA:
            return await caa.check_caa(request)
        return await control.check_dcv(request)

    places = [RemotePerspective(code=code, rir=region) for code, region in PERSPECTIVES.items()]
    return MpicCoordinator(look, MpicCoordinatorConfiguration(places, len(places), 3, "a secret"))


async def serve(settings):
    use_name_server(settings["dns"])
    lead_hosts_here(settings["ports"])
    coordinator = coordinator_of(settings.get("dead", []))
    requests = TypeAdapter(MpicRequest)

    async def mpic(request):
        try:
            asked = requests.validate_json(await request.read())
            response = await coordinator.coordinate_mpic(asked)
        except (ValidationError, MpicRequestValidationException) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.Response(text=response.model_dump_json(), content_type="application/json")

    application = web.Application()
    application.router.add_post("/mpic", mpic)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings["port"], ssl_context=context).start()
    print("serving", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
