"""Headless Chromium: opens the page in a size and theme, waits, and reads the console."""

import contextlib
import json
import os
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SIZES = {"desktop": (1280, 900), "phone": (360, 740)}
THEMES = ["light", "dark"]
LIMIT = 40


class Failure(Exception):
    """A failed check, with its reason."""


def require(holds, otherwise):
    if not holds:
        raise Failure(otherwise)


def eventually(what, poll, limit=LIMIT):
    """Polls until the result is true, and returns it. The limit only ends a test that hangs."""
    end = time.monotonic() + limit
    last = None
    while time.monotonic() < end:
        try:
            if result := poll():
                return result
        except Failure as failure:
            last = failure
        time.sleep(0.1)
    raise Failure(f"timed out waiting for {what}" + (f": {last}" if last else ""))


class Browser:
    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Chromium does not delete all of its temporary files.
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        service = Service("/usr/bin/chromedriver", env=os.environ | {"TMPDIR": self.folder.name})
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(LIMIT)
        self.size = self.theme = None

    def close(self):
        self.driver.quit()
        self.folder.cleanup()

    def view(self, size, theme, motion="no-preference"):
        self.size, self.theme = size, theme
        width, height = SIZES[size]
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size == "phone")
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": motion}])

    def open(self, url, until="document.body.dataset.contact !== 'connecting' && document.body.dataset.state !== 'loading'"):
        self.complaints()
        self.driver.get(url)
        eventually("the page to show the state", lambda: self.script(f"return {until}"))
        self.script("window.notReloaded = true")

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def text(self, selector):
        """The text content of an element, including hidden parts."""
        return self.script("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def find(self, selector):
        found = self.driver.find_elements("css selector", selector)
        require(found, f"no element matches {selector}")
        return found[0]

    def complaints(self):
        """Warnings and errors in the console since the last call."""
        return [it for it in self.driver.get_log("browser") if it["level"] in ("SEVERE", "WARNING")]

    def accessibility_tree(self):
        nodes = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [it for it in nodes if not it.get("ignored")]

    def screenshot(self, path):
        """The whole page, up to a height of 2600 pixels."""
        width, height = SIZES[self.size]
        length = min(max(self.script("return document.documentElement.scrollHeight"), height), 2600)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=length, deviceScaleFactor=1, mobile=self.size == "phone")
        self.driver.save_screenshot(path)
        self.view(self.size, self.theme)

    @contextlib.contextmanager
    def observed(self, selector):
        """Counts the changes below an element while the body runs; yields a function that returns the count."""
        self.script(
            "window.changes = []; window.observer = new MutationObserver((all) => window.changes.push(...all.map((it) => it.type)));"
            "window.observer.observe(document.querySelector(arguments[0]), {childList: true, characterData: true, subtree: true})", selector)
        yield lambda: self.script("return window.changes.length")
        self.script("window.observer.disconnect()")


def quoted(value):
    return json.dumps(value, ensure_ascii=False)
