"""Accessibility: keyboard, screen reader, contrast, and small windows."""

import collections
import pathlib

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .browser import SIZES, require
from .checks import EACH_SIZE, EACH_VIEW, check

APPEARANCE = (pathlib.Path(__file__).parent / "appearance.js").read_text(encoding="utf-8")
CONTROLS = """
const isReachable = (it) => it.checkVisibility({visibilityProperty: true}) && !it.closest("[hidden], details:not([open]) > :not(summary)");
return [...document.querySelectorAll("a[href]:not([tabindex='-1']), button, input, select, summary, [tabindex='0']")].filter(isReachable)
  .map((it) => it.id || it.getAttribute("aria-label") || it.textContent.trim())
"""
FOCUSED = """
const it = document.activeElement;
if (!it || it === document.body) return null;
const style = getComputedStyle(it);
return {name: it.id || it.getAttribute("aria-label") || it.textContent.trim(), visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2}
"""


def appearance(context):
    found = context.browser.script(APPEARANCE, SIZES[context.browser.size][0])
    require(found["texts"] > 20, f"only {found['texts']} texts were found")
    return found


def require_none(context, what):
    """Requires that a list of problems is empty, with all details expanded."""
    context.browser.open(context.proxy.url)
    for it in context.browser.driver.find_elements("css selector", "summary"):
        if it.is_displayed():
            it.click()
    found = appearance(context)[what]
    require(not found, f"{what}: {found[:5]}, {len(found)} in total")


@check("texts have a contrast of at least 4.5, borders of controls of at least 3", EACH_VIEW)
def contrast(context):
    require_none(context, "faint")


@check("nothing overflows the window horizontally", EACH_VIEW)
def overflow(context):
    require_none(context, "beyond")


@check("there is no animation with reduced motion")
def motion(context):
    context.browser.view("desktop", "light", motion="reduce")
    context.browser.open(context.proxy.url)
    moving = appearance(context)["moving"]
    require(not moving, f"animated: {moving[:5]}")


@check("the tab key reaches each control in document order with a visible focus", EACH_SIZE)
def tab_order(context):
    context.browser.open(context.proxy.url)
    wanted = context.browser.script(CONTROLS)
    reached = []
    while len(reached) <= len(wanted):
        ActionChains(context.browser.driver).send_keys(Keys.TAB).perform()
        it = context.browser.script(FOCUSED)
        if it is None:
            break
        require(it["visible"], f"the focus is not visible on {it['name']}")
        reached.append(it["name"])
    missing = [it for it in wanted if it not in reached]
    require(not missing, f"not reached are {missing[:5]}")
    require(reached == wanted, "the order differs from the document order")


def role(node):
    return node.get("role", {}).get("value")


def name(node):
    return (node.get("name", {}).get("value") or "").strip()


def level(node):
    return next((it["value"]["value"] for it in node.get("properties", []) if it["name"] == "level"), None)


@check("a screen reader finds landmarks, headings and the state", EACH_SIZE)
def landmarks(context):
    context.browser.open(context.proxy.url)
    nodes = context.browser.accessibility_tree()
    roles = collections.Counter(map(role, nodes))
    for it in ("banner", "main", "contentinfo"):
        require(roles[it] == 1, f"there are {roles[it]} of the landmark {it}")
    regions = [name(it) for it in nodes if role(it) == "region"]
    require(len(regions) == (9 if "Mapped sources" in regions else 8) and all(regions) and len(set(regions)) == len(regions), f"the regions are {regions}")
    headings = [(level(it), name(it)) for it in nodes if role(it) == "heading"]
    require([it[0] for it in headings].count(1) == 1 and headings[0][0] == 1, f"the headings are {headings}")
    require(all(it[1] for it in headings), "a heading is empty")
    jumps = [after for before, after in zip(headings, headings[1:]) if after[0] > before[0] + 1]
    require(not jumps, f"the headings {jumps} skip a level")
    require(context.browser.script("return document.documentElement.lang") == "en", "the language is not set")
    spoken = context.browser.script("return document.querySelector('[role=status][aria-live=polite] #headline')?.textContent")
    require(spoken and spoken in [it[1] for it in headings], "the state is not a heading in a live region")


@check("each control has a unique name", EACH_SIZE)
def names(context):
    context.browser.open(context.proxy.url)
    nodes = context.browser.accessibility_tree()
    controls = [it for it in nodes if role(it) in ("button", "link", "textbox", "searchbox", "checkbox", "combobox", "DisclosureTriangle")]
    require(len(controls) >= 3, f"only {len(controls)} controls are in the tree")
    nameless = [role(it) for it in controls if not name(it)]
    require(not nameless, f"without a name: {nameless}")
    twice = [it for it, count in collections.Counter((role(it), name(it)) for it in controls if role(it) != "link").items() if count > 1]
    require(not twice, f"duplicate names: {twice[:3]}")
    vague = [it for it in controls if role(it) == "link" and name(it) in ("Open", "here", "more")]
    require(not vague, "a link has no descriptive name")
    fields = {name(it) for it in controls if role(it) in ("textbox", "searchbox")}
    shown = {"filter": "Search", "event-text": "Text"}
    for field, label in shown.items():
        require(not context.browser.find(f"#{field}").is_displayed() or label in fields, f"the field {field} has another name than {label}")
    images = [name(it) for it in nodes if role(it) in ("image", "img", "graphics-document")]
    require(all(images), "an image has no text alternative")


@check("tables have captions, column headers and row headers for screen readers", EACH_SIZE)
def tables(context):
    context.browser.open(context.proxy.url)
    nodes = context.browser.accessibility_tree()
    by_id = {it["nodeId"]: it for it in nodes}
    found = [it for it in nodes if role(it) == "table"]
    shown = context.browser.script("return [...document.querySelectorAll('table')].filter((it) => it.checkVisibility() && !it.closest('details:not([open])')).length")
    require(len(found) == shown > 0, f"{len(found)} of {shown} tables are in the tree")
    below = collections.defaultdict(collections.Counter)
    for node in nodes:
        at = node
        while at := by_id.get(at.get("parentId")):
            if role(at) == "table":
                below[at["nodeId"]][role(node)] += 1
    for table in found:
        inside = below[table["nodeId"]]
        require(name(table), "a table has no caption")
        require(inside["columnheader"] >= 2, f"{name(table)} has {inside['columnheader']} column headers")
        require(inside["rowheader"] >= 1 and inside["cell"] >= inside["rowheader"], f"{name(table)} has {dict(inside)}")
    heads = context.browser.script("return [...document.querySelectorAll('th')].filter((it) => !it.scope).map((it) => it.textContent)")
    require(not heads, f"the headers {heads} have no scope")


@check("unchanged content is not announced again to screen readers")
def announcements(context):
    context.browser.open(context.proxy.url)
    with context.browser.observed("#health-status") as changes:
        # The page updates ages each second; only waiting can show that there is no announcement.
        context.browser.driver.execute_async_script("setTimeout(arguments[0], 2500)")
        require(changes() == 0, f"{changes()} changes were announced")
