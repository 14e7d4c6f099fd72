"""Clients of the bridge that put load on it. Every address belongs to this machine, and every run ends by itself.

load.py deliver ADDRESS BODIES RATE SECONDS [AUTHORITY]
    Posts the bodies of a JSON file to /sns, so many a second, each on a connection of its own as EventBridge does.
    Prints what became of them as JSON.
load.py idle ADDRESS COUNT
    Opens connections, asks once on each, says "ready", and holds them until its input ends.
load.py flood ADDRESS SECONDS
    Opens connections as fast as it can, says half a line on each, and leaves.
load.py restart BODIES COMMAND...
    Starts the command as systemd would, with its sockets, delivers the bodies, and restarts it meanwhile.
"""

import base64
import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def connect(peer, number, timeout=15):
    """Connects from one of many addresses of this machine, 500 connections from each."""
    client = socket.socket()
    client.settimeout(timeout)
    client.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen when it connects.
    client.bind((f"127.0.1.{1 + number // 500}", 0))
    client.connect(peer)
    return client


def post(peer, body, context=None):
    """Delivers one body; returns the response's status, or the error's name, and the seconds that it took."""
    start = time.monotonic()
    try:
        client = connect(peer, 0)
        if context:
            client = context.wrap_socket(client, server_hostname="localhost")
        connection = http.client.HTTPConnection(*peer)
        connection.sock = client
        fields = {"Content-Type": "text/plain; charset=UTF-8", "Connection": "close"}
        connection.request("POST", "/sns", body=body, headers=fields)
        status = connection.getresponse().status
        connection.close()
    except OSError as error:
        status = type(error).__name__
    return status, time.monotonic() - start


def summary(results):
    times = sorted(seconds for _, seconds in results)
    counts = {}
    for status, _ in results:
        counts[str(status)] = counts.get(str(status), 0) + 1
    return {
        "statuses": counts,
        "median": round(times[len(times) // 2], 4),
        "p99": round(times[len(times) * 99 // 100], 4),
        "slowest": round(times[-1], 4),
    }


def read_bodies(path):
    with open(path, encoding="utf-8") as file:
        return [base64.b64decode(body) for body in json.load(file)]


def deliver(peer, path, rate, seconds, authority=None):
    bodies = read_bodies(path)
    context = ssl.create_default_context(cafile=authority) if authority else None
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        start, futures = time.monotonic(), []
        for number in range(int(rate * seconds)):
            time.sleep(max(0, start + number / rate - time.monotonic()))
            futures.append(pool.submit(post, peer, bodies[number % len(bodies)], context))
        print(json.dumps(summary([future.result() for future in futures])))


def idle(peer, count):
    clients = []
    for number in range(count):
        client = connect(peer, number)
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        clients.append(client)
        # No more connections concurrently than the listener's backlog allows.
        if len(clients) % 200 == 0:
            for client in clients[-200:]:
                # A connection that was evicted for another may have been reset.
                with contextlib.suppress(ConnectionError):
                    client.recv(4096)
    print("ready", flush=True)
    sys.stdin.read()
    # Connections that are still open have nothing to read.
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLIN)
    print(json.dumps({"open": count - len(poll.poll(0))}))


def flood(peer, seconds):
    end, count, refused = time.monotonic() + seconds, 0, 0
    clients = []
    while time.monotonic() < end:
        try:
            client = connect(peer, 500 + count % 5000, timeout=1)
            client.sendall(b"GET / HT")
            clients.append(client)
        except OSError:
            refused += 1
        count += 1
        if len(clients) >= 2000:
            for client in clients[:1000]:
                client.close()
            clients = clients[1000:]
    print(json.dumps({"connections": count, "refused": refused}))


class Supervisor:
    """Starts a program as systemd does: with listening sockets that stay, and a notification socket."""

    def __init__(self, command):
        self.command = command
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name + "/notify"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        self.notify.settimeout(60)
        # Descriptors that are free, so that they can be moved to the numbers that the program expects.
        opened = [socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in range(2)]
        self.peer = opened[0].getsockname()
        self.sockets = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for one in opened]
        for one in opened:
            one.close()

    def start(self):
        def hand_over():
            for number, descriptor in enumerate(self.sockets):
                os.dup2(descriptor, 3 + number)

        environment = dict(
            os.environ, LISTEN_FDS="2", LISTEN_FDNAMES="listen:admin", NOTIFY_SOCKET=self.path, WATCHDOG_USEC="400000")
        shell = ["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"']
        program = subprocess.Popen(
            shell + self.command, env=environment, preexec_fn=hand_over, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
            stderr=sys.stderr)
        self.wait_for("READY=1")
        self.wait_for("WATCHDOG=1")
        return program

    def wait_for(self, state):
        while state not in self.notify.recv(4096).decode().split("\n"):
            pass

    def stop(self, program):
        program.send_signal(signal.SIGTERM)
        self.wait_for("STOPPING=1")
        return program.wait(30)


def restart(path, command):
    bodies = read_bodies(path)
    supervisor = Supervisor(command)
    program = supervisor.start()
    results, is_done = [], threading.Event()

    def send(own):
        for body in own:
            results.append(post(supervisor.peer, body))
            if is_done.is_set():
                break

    threads = [threading.Thread(target=send, args=(bodies[number::4],)) for number in range(4)]
    for thread in threads:
        thread.start()
    codes = []
    for _ in range(3):
        while len(results) < (len(codes) + 1) * len(bodies) // 5:
            time.sleep(0.005)
        codes.append(supervisor.stop(program))
        program = supervisor.start()
    for thread in threads:
        thread.join()
    codes.append(supervisor.stop(program))
    print(json.dumps({"codes": codes, **summary(results)}))


def main(arguments):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    match arguments:
        case ["deliver", peer, path, rate, seconds, *authority]:
            deliver(address(peer), path, float(rate), float(seconds), *authority)
        case ["idle", peer, count]:
            idle(address(peer), int(count))
        case ["flood", peer, seconds]:
            flood(address(peer), float(seconds))
        case ["restart", path, *command]:
            restart(path, command)
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
