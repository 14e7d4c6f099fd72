"""A proxy to the bridge with faults: it rejects requests, closes connections or hangs."""

import collections
import contextlib
import http.client
import http.server
import socket
import threading
import time
import urllib.parse

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Ignores disconnected browsers."""


class Proxy:
    """Forwards requests below a path prefix. Faults: None, "reject-stream" (503 for the events), "gone" and "hang"."""

    prefix = "/tools/bridge"

    def __init__(self, url):
        self.target = urllib.parse.urlsplit(url)
        self.fault = None
        self.streams = set()
        self.counts = collections.Counter()
        # Requests that are not below the prefix.
        self.outside = []
        self.server = Server(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}{self.prefix}/"

    def handler(proxy):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                proxy.forward(self)

            do_POST = do_GET

        return Handler

    def forward(self, request):
        if not request.path.startswith(self.prefix + "/"):
            self.outside.append(request.path)
            request.send_error(404)
            return
        path = request.path.removeprefix(self.prefix)
        self.counts[request.command, path] += 1
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.wait_while_hanging()
        if self.fault == "gone":
            request.close_connection = True
            return
        if self.fault == "reject-stream" and path == "/status/events":
            request.send_error(503)
            return
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port)
        try:
            connection.request(request.command, self.target.path.rstrip("/") + path, body or None, dict(request.headers))
            upstream = connection.sock
            self.return_response(connection.getresponse(), request, upstream)
        except OSError:
            request.close_connection = True
        finally:
            connection.close()

    def return_response(self, response, request, upstream):
        streamed = (response.getheader("Content-Type") or "").startswith("text/event-stream")
        request.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                request.send_header(name, value)
        if streamed:
            request.send_header("Connection", "close")
            request.close_connection = True
            request.end_headers()
            self.stream(response, request, upstream)
            return
        content = response.read()
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def stream(self, response, request, upstream):
        """Forwards chunks until either side closes. The bridge limits open streams, so that one without a browser must not stay."""
        self.streams.add(request.connection)

        def close_with_browser():
            with contextlib.suppress(OSError):
                request.connection.recv(1, socket.MSG_PEEK)
            with contextlib.suppress(OSError):
                upstream.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=close_with_browser, daemon=True).start()
        try:
            while part := response.read1(65536):
                self.wait_while_hanging()
                request.wfile.write(part)
                request.wfile.flush()
        finally:
            self.streams.discard(request.connection)

    def fail(self, fault):
        """Sets the fault. Open streams are closed, except for a hang."""
        self.fault = fault
        if fault in ("gone", "reject-stream"):
            for connection in list(self.streams):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def wait_while_hanging(self):
        while self.fault == "hang":
            time.sleep(0.05)
