"""Measures the bridge's HTTP server beside nginx and Hummingbird 2, each with one thread on the first core, under wrk on the
second: requests a second and processor time for each, plain, over TLS, and with a TLS handshake for each request.

compare.py [SECONDS]: seconds for each measurement, 6 by default. Ends with 1 if the server is slower than Hummingbird, or
less than half as fast as nginx, at requests on kept connections. Only addresses of this machine are asked.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
PROGRAMS = HERE / ".build" / "release"
# What a small message of SNS looks like in size.
SCRIPT = """
wrk.method = "POST"
wrk.body = string.rep("x", 600)
wrk.headers["Content-Type"] = "text/plain; charset=UTF-8"
"""
NGINX = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/body;
  {temporary}
  server {{
    listen 127.0.0.1:{port}{ssl};
    {certificate}
    location / {{ return 200 '{{"result":"stored"}}'; }}
  }}
}}
"""


def start(name, port, folder, tls):
    files = [f"{folder}/c.pem", f"{folder}/k.pem"]
    if name == "nginx":
        names = ["proxy", "fastcgi", "uwsgi", "scgi"]
        text = NGINX.format(
            folder=folder, port=port, ssl=" ssl" if tls else "",
            certificate=f"ssl_certificate {files[0]}; ssl_certificate_key {files[1]}; ssl_protocols TLSv1.2 TLSv1.3;"
            if tls else "",
            temporary=" ".join(f"{name}_temp_path {folder}/{name};" for name in names))
        path = pathlib.Path(folder) / "nginx.conf"
        path.write_text(text, encoding="utf-8")
        command = ["nginx", "-c", str(path), "-p", folder]
    else:
        command = [str(PROGRAMS / f"bench-{name}"), str(port)] + (files if tls else [])
    program = subprocess.Popen(["taskset", "--cpu-list", "0"] + command, start_new_session=True)
    time.sleep(1.5)
    if program.poll() is not None:
        sys.exit(f"{name} did not start")
    return program


def processor_seconds(program):
    """The processor time of a process and of its children."""
    children = subprocess.run(
        ["pgrep", "--parent", str(program.pid)], capture_output=True, text=True, check=False).stdout.split()
    ticks = 0
    for number in [str(program.pid)] + children:
        fields = pathlib.Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(program, url, folder, seconds, close):
    """Requests a second, and microseconds of processor time for each."""
    command = ["taskset", "--cpu-list", "1", "wrk", "--threads", "1", "--connections", "32", "--script",
               f"{folder}/post.lua", "--duration"]
    header = ["--header", "Connection: close"] if close else []
    subprocess.run(command + ["1s", url] + header, capture_output=True, check=True)
    before = processor_seconds(program)
    output = subprocess.run(command + [f"{seconds}s", url] + header, capture_output=True, text=True, check=True).stdout
    used = processor_seconds(program) - before
    count = int(re.search(r"(\d+) requests in", output)[1])
    if "Non-2xx" in output:
        sys.exit(f"there were refusals: {output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), used / count * 1e6


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    results, port = {}, 21_000 + os.getpid() % 5000
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "post.lua").write_text(SCRIPT, encoding="utf-8")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
             f"{folder}/k.pem", "-out", f"{folder}/c.pem", "-days", "90", "-subj", "/CN=localhost"],
            check=True, capture_output=True)
        for tls in [False, True]:
            for name in ["bridge", "nginx", "hummingbird"]:
                port += 1
                program = start(name, port, folder, tls)
                try:
                    url = f"http{'s' if tls else ''}://127.0.0.1:{port}/"
                    kind = "TLS" if tls else "plain"
                    results[kind, name] = measure(program, url, folder, seconds, close=False)
                    kind = "handshakes" if tls else "connections"
                    results[kind, name] = measure(program, url, folder, seconds, close=True)
                finally:
                    program.terminate()
                    program.wait(10)
    isGood = True
    print("| what | server | a second | µs of processor each | beside nginx |\n|---|---|---|---|---|")
    for kind in ["plain", "TLS", "connections", "handshakes"]:
        nginx = results[kind, "nginx"][0]
        for name in ["bridge", "nginx", "hummingbird"]:
            rate, cost = results[kind, name]
            print(f"| {kind} | {name} | {rate:,.0f} | {cost:.1f} | {rate / nginx:.2f} |")
        ours = results[kind, "bridge"][0]
        if kind in ["plain", "TLS"]:
            isGood = isGood and ours >= results[kind, "hummingbird"][0] and ours >= nginx / 2
    sys.exit(0 if isGood else 1)


main()
