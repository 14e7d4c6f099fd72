"""Makes deploy/docs/status.png, the picture of the status page in README.md, from the demo.

Usage, in the virtual environment of the tests, after swift build:

    python3 Tests/scripts/status_picture.py
"""

import pathlib
import re
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests/BrowserTests"))

from StatusPage.browser import SIZES, Browser, eventually  # noqa: E402

SIZE = (1200, 900)
PICTURE = REPOSITORY / "deploy/docs/status.png"


def status_page(demo):
    """Reads the demo's output to its end, and returns the URL of the status page."""
    url = None
    for line in demo.stdout:
        if found := re.search(r"status page at (http://[0-9.]+:\d+)", line):
            url = found[1] + "/"
        if "Demo passed" in line:
            return url
    raise SystemExit("The demo ended before it passed. Run .build/debug/defender-bridge demo to see why.")


def take_picture(url):
    SIZES["picture"] = SIZE
    browser = Browser()
    try:
        browser.view("picture", "light")
        browser.cdp("Emulation.setScrollbarsHidden", hidden=True)
        browser.open(url)
        eventually("the trend", lambda: "Loading" not in browser.text("#trend-note"))
        browser.driver.save_screenshot(str(PICTURE))
    finally:
        browser.close()


def main():
    demo = subprocess.Popen([REPOSITORY / ".build/debug/defender-bridge", "demo"], stdout=subprocess.PIPE, text=True)
    try:
        take_picture(status_page(demo))
    finally:
        demo.terminate()
        demo.wait()


if __name__ == "__main__":
    main()
