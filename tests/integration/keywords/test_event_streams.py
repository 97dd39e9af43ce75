"""An event stream that breaks, at a real server that breaks it."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR

from QMSLibrary.client.http import HttpService
from QMSLibrary.client.sse import HttpEventStream
from QMSLibrary.client.subscription import Subscription
from QMSLibrary.client.tokens import NoAuthority
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service


def test_a_stream_that_breaks_again_and_again_is_had_back_at_once_each_time():
    asked, lasts, over = [], threading.Event(), threading.Event()

    class Breaking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append(self.headers.get("Last-Event-ID"))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            said = f": ready {len(asked)}\n\n"
            self.wfile.write(f"{len(said):x}\r\n{said}\r\n".encode())
            if len(asked) <= 20:
                self.connection.shutdown(SHUT_RDWR)
            else:
                lasts.set()
                over.wait(30)

        def log_message(self, *said):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        http = HttpService(
            Service.DECISION, f"http://127.0.0.1:{server.server_port}", NoAuthority(), timedelta(seconds=5)
        )
        one = Subscription(
            Service.DECISION,
            lambda after: HttpEventStream(http, "/api/events/stream", Role.DEVELOPER, after),
            lambda *arrived: None,
            lambda *changed: None,
        )
        one.start()
        # Were the pause doubled from break to break, it would be more than a minute.
        in_time = lasts.wait(10)
        one.stop()
        over.set()
        one.join()
        server.shutdown()
    assert in_time, f"{len(asked)} connections in 10 s"
    assert asked == [None, *map(str, range(1, 21))]
