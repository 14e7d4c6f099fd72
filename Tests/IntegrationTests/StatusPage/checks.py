"""The list of checks: each a function with a name for people, the views it is made in, and what it needs."""

import dataclasses
import typing

from .browser import SIZES, THEMES, Browser, Failure
from .proxy import Proxy

EACH_VIEW = [(size, theme) for size in SIZES for theme in THEMES]
EACH_SIZE = [(size, "light") for size in SIZES]
ONCE = [("desktop", "light")]


@dataclasses.dataclass
class World:
    """What a check has: a browser, the way to the bridge, and what is expected of it."""

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
        """What the expectations lack for this check; None if nothing."""
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


def made(world, wanted=None):
    """Makes the checks, one after the other; gives the name, the view, and the failure or what it needed."""
    for it in ALL:
        if wanted and not any(word in it.name for word in wanted):
            continue
        for view in it.views:
            missing = it.missing(world.expected)
            yield it.name, view, None if missing else failure(it, world, view), missing
            if missing:
                break


def failure(it, world, view):
    world.proxy.fail(None)
    world.browser.view(*view)
    try:
        it.run(world)
    except Failure as found:
        return str(found)
    except Exception as unforeseen:
        return f"{type(unforeseen).__name__}: {unforeseen}"
    finally:
        world.proxy.fail(None)
    return None
