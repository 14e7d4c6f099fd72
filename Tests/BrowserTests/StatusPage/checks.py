"""Registry of checks: each is a function with a description, the views it runs in, and the expectation it needs."""

import dataclasses
import typing

from .browser import SIZES, THEMES, Browser, Failure
from .proxy import Proxy

EACH_VIEW = [(size, theme) for size in SIZES for theme in THEMES]
EACH_SIZE = [(size, "light") for size in SIZES]
ONCE = [("desktop", "light")]


@dataclasses.dataclass
class Context:
    """Context of a check: the browser, the proxy to the bridge, and the expectations."""

    browser: Browser
    proxy: Proxy
    url: str
    expected: dict


@dataclasses.dataclass
class Check:
    name: str
    views: list
    needs: str | None
    run: typing.Callable

    def missing(self, expected):
        """The expectation that this check needs and that is missing; None if there is none."""
        value = expected
        for part in self.needs.split(".") if self.needs else []:
            value = (value or {}).get(part)
        return self.needs if value is None else None


ALL = []


def check(name, views=ONCE, needs=None):
    def register(run):
        ALL.append(Check(name, views, needs, run))
        return run

    return register


def run_all(context, wanted=None):
    """Runs the checks in turn; yields name, view, failure, and missing expectation."""
    for it in ALL:
        if wanted and not any(word in it.name for word in wanted):
            continue
        for view in it.views:
            missing = it.missing(context.expected)
            yield it.name, view, None if missing else failure(it, context, view), missing
            if missing:
                break


def failure(it, context, view):
    context.proxy.fail(None)
    context.browser.view(*view)
    try:
        it.run(context)
    except Failure as found:
        return str(found)
    except Exception as unexpected:
        return f"{type(unexpected).__name__}: {unexpected}"
    finally:
        context.proxy.fail(None)
    return None
