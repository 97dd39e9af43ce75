import asyncio
from types import SimpleNamespace

import pytest
import uvloop

from QMSLibrary.contract.routes import WORKFLOW
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.peers import Peers, PeerUnreachable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: a\r\n\r\nok"


def talk(scenario, *answers, close=False):
    """Run ``scenario(ask, seen)`` against a server that gives ``answers``, each one in reply to a request."""
    seen = []

    async def serve(reader, writer):
        for answer in answers:
            try:
                seen.append(await reader.readuntil(b"\r\n\r\n"))
            except asyncio.IncompleteReadError:
                break
            writer.write(answer)
            await writer.drain()
        if not close:
            await reader.read()
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            return await with_peers(server.sockets[0].getsockname()[1], lambda ask: scenario(ask, seen))

    return uvloop.run(main())  # the loop that services run on


async def with_peers(port, scenario):
    # Stands for settings and keys: this is about what goes over the wire and what comes back.
    settings = SimpleNamespace(url=lambda service: f"http://127.0.0.1:{port}")
    peers = Peers(settings, SimpleNamespace(for_service=lambda service: f"for-{service}"))

    async def ask(**options):
        return await peers.call(Service.DECISION, WORKFLOW, parts={"workflow_id": "a/b"}, **options)

    try:
        return await scenario(ask)
    finally:
        await peers.close()


def test_a_request_names_its_path_token_and_act():
    async def scenario(ask, seen):
        answer = await ask(query={"limit": "5"}, correlation_id="act-1")
        return answer, seen[0].decode().lower()

    answer, request = talk(scenario, OK)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert request.startswith("get /api/workflows/a%2fb?limit=5 ")
    assert "authorization: bearer for-decision" in request
    assert "x-correlation-id: act-1" in request


def test_an_answer_of_any_status_is_an_answer_and_redirects_are_not_followed():
    async def scenario(ask, seen):
        return [(await ask()).status_code for _ in range(3)]

    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    assert talk(scenario, OK, OK.replace(b"200 OK", b"503 Busy"), moved) == [200, 503, 302]


@pytest.mark.parametrize("answer", [b"SMTP ready\r\n\r\n", b"", OK[:-1]], ids=["no HTTP", "nothing", "cut off"])
def test_what_is_no_answer_is_an_error_that_a_caller_knows(answer):
    async def scenario(ask, seen):
        with pytest.raises(PeerUnreachable):
            await ask()

    talk(scenario, answer, close=True)


def test_a_silent_service_is_waited_for_only_so_long():
    async def scenario(ask, seen):
        with pytest.raises(PeerUnreachable, match=r"no answer within 0\.05 s"):
            await ask(timeout=0.05)

    talk(scenario)


def test_nobody_there():
    async def scenario(ask):
        with pytest.raises(PeerUnreachable, match="Connect"):
            await ask()

    uvloop.run(with_peers(9, scenario))
