import asyncio
import ssl

import httpx
import pytest
import uvloop

from QMSLibrary.reference.kernel.wire import Wire

HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: a\r\n\r\nok"


def talk(scenario, *answers, close=False):
    """Run ``scenario(wire)`` against a server that gives ``answers``, each one in reply to a request."""

    async def serve(reader, writer):
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            for part in answer if isinstance(answer, list) else [answer]:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
        if not close:
            await reader.read()
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            wire = await Wire.connect(f"http://127.0.0.1:{port}", None, 2)
            try:
                return await scenario(wire)
            finally:
                wire.close()

    return uvloop.run(main())  # the loop that services run on


def test_one_connection_carries_many_requests():
    async def scenario(wire):
        answers = [await wire.request(HEAD, b"", 2) for _ in range(3)]
        assert wire.usable
        return answers

    answers = talk(scenario, OK, [OK[:20], OK[20:]], OK.replace(b"200 OK", b"404 Not Found"))
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert {answer.text for answer in answers} == {"ok"}
    assert answers[0].headers["x-name"] == "a"


def test_a_chunked_answer():
    async def scenario(wire):
        return await wire.request(HEAD, b"", 2)

    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\n, a\r\n0\r\n\r\n"
    assert talk(scenario, chunked).content == b"ok, a"


def test_a_connection_that_the_server_will_close_is_not_used_again():
    async def scenario(wire):
        answer = await wire.request(HEAD, b"", 2)
        assert not wire.usable
        with pytest.raises(httpx.ReadError):
            await wire.request(HEAD, b"", 2)
        return answer

    assert talk(scenario, OK.replace(b"X-Name: a", b"Connection: close")).text == "ok"


@pytest.mark.parametrize(
    ("answer", "error"),
    [(b"SMTP ready\r\n\r\n", httpx.RemoteProtocolError), (b"", httpx.ReadError), (OK[:-1], httpx.ReadError)],
)
def test_what_is_no_answer_is_an_error_that_a_caller_knows(answer, error):
    async def scenario(wire):
        with pytest.raises(error):
            await wire.request(HEAD, b"", 2)
        assert not wire.usable

    talk(scenario, answer, close=True)


def test_a_late_answer_is_never_taken_for_the_next_ones():
    async def scenario(wire):
        with pytest.raises(httpx.ReadTimeout):
            await wire.request(HEAD, b"", 0.05)
        assert not wire.usable

    talk(scenario)


def test_nobody_there():
    async def scenario():
        with pytest.raises(httpx.ConnectError):
            await Wire.connect("http://127.0.0.1:9", None, 2)
        with pytest.raises(httpx.ConnectError):
            await Wire.connect("https://127.0.0.1:9", ssl.create_default_context(), 2)

    uvloop.run(scenario())
