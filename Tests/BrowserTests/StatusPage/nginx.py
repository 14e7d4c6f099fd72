"""The page behind nginx, with the configuration that the documents have."""

import contextlib
import pathlib
import re
import socket
import subprocess
import tempfile
import urllib.parse
import urllib.request

from .browser import eventually, require
from .checks import check

DOCUMENT = pathlib.Path(__file__).parents[3] / "deploy/docs/operations.md"


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


@contextlib.contextmanager
def nginx(url):
    """Runs nginx in front of the bridge; yields its address."""
    location = re.search(r"```conf\n(location .*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)[1]
    require("http://127.0.0.1:9090/" in location, "the configuration has another address of the bridge")
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        paths = "".join(f"{it}_temp_path {folder}/{it};" for it in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        server = location.replace("http://127.0.0.1:9090/", url)
        configuration = pathlib.Path(folder, "nginx.conf")
        configuration.write_text(
            f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {paths} server {{ listen {address};\n{server}\n}} }}\n", encoding="utf-8")
        process = subprocess.Popen(["nginx", "-p", folder, "-c", configuration], stderr=subprocess.DEVNULL)
        try:
            yield address
        finally:
            process.terminate()
            process.wait()


def responds(url):
    with contextlib.suppress(OSError), urllib.request.urlopen(url) as response:
        return response.status == 200


@check("the page works behind nginx, as documented")
def behind_nginx(context):
    with nginx(context.url) as address:
        url = f"http://{address}/defender-bridge"
        eventually("nginx", lambda: responds(f"{url}/status.json"))
        context.browser.open(url)
        require(context.browser.script("return location.pathname") == "/defender-bridge/", "there is no redirect to the path with a slash")
        eventually("the live connection", lambda: context.browser.script("return document.body.dataset.contact") == "live")
        eventually("the trend", lambda: "Loading" not in context.browser.text("#trend-note"))
        loaded = context.browser.script("return performance.getEntriesByType('resource').map((it) => it.name).filter((it) => !it.startsWith('data:'))")
        paths = [urllib.parse.urlsplit(it).path for it in loaded]
        require(paths and all(it.startswith("/defender-bridge/") for it in paths), f"the page loaded {paths}")
        found = context.browser.complaints()
        require(not found, f"the console has {[it['message'] for it in found]}")
