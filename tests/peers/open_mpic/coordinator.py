"""The coordinator of open-mpic-core with cairn-va as its perspectives, which it asks as the containers of the
Open MPIC project do: POST URL/dcv and URL/caa. Runs in the folder that `./dev peers` made.

Its argument is a JSON object:
  root             a PEM file: by it the perspectives are known
  perspectives     [{"code", "rir", "url", "key"}]
  requests         of the Open MPIC API; each is coordinated
or has alone
  responses        of a service of the Open MPIC API
It prints a list of responses as its models have them. An answer that these do not take is the error of
a perspective there, and a response ends the program.
"""

import asyncio
import json
import ssl
import sys

import aiohttp
from open_mpic_core import (
    CheckResponse, CheckType, MpicCoordinator, MpicCoordinatorConfiguration, MpicRequest,
    MpicResponse, RemotePerspective)
from pydantic import TypeAdapter


async def coordinate(settings):
    context = ssl.create_default_context(cafile=settings["root"])
    places = {each["code"]: each for each in settings["perspectives"]}
    answers = TypeAdapter(CheckResponse)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:

        async def look(perspective, check_type, request):
            place = places[perspective.code]
            path = "/caa" if check_type == CheckType.CAA else "/dcv"
            async with session.post(place["url"] + path, headers={"x-api-key": place["key"]},
                                    json=request.model_dump()) as response:
                return answers.validate_json(await response.text())

        seats = [RemotePerspective(code=code, rir=each["rir"]) for code, each in places.items()]
        coordinator = MpicCoordinator(look, MpicCoordinatorConfiguration(seats, len(seats), 3, "x"))
        requests = TypeAdapter(MpicRequest)
        return [await coordinator.coordinate_mpic(requests.validate_json(json.dumps(each)))
                for each in settings["requests"]]


def read(responses):
    """What cairn-va answers as a service, by the models of open-mpic-core."""
    return [TypeAdapter(MpicResponse).validate_json(json.dumps(each)) for each in responses]


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    taken = read(given["responses"]) if "responses" in given else asyncio.run(coordinate(given))
    print(json.dumps([each.model_dump(mode="json") for each in taken]))
