"""The browser behind the page's keywords: Robot Framework's Browser library with the Chromium that is installed.

It is imported when a keyword first needs it; a machine without it skips the test and says what is missing.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from robot.api import SkipExecution
from robot.api.types import Secret
from robot.errors import ExecutionFailed, RobotError
from robot.libraries.BuiltIn import BuiltIn
from robot.utils import escape

from .errors import CheckFailed, KeywordError

CHROMIUM_VARIABLE: Final = "QMS_CHROMIUM"
"""Process environment: where Chromium is, when it is none of CANDIDATES."""
CANDIDATES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT: Final = "10s"
SMALLEST: Final = 100
LARGEST: Final = 10_000
"""Pixels of a window."""
_NO_PAGE: Final = re.compile(r"no page (is |was )?open|could not find active page|no (browser|context)", re.IGNORECASE)
_TIME_IS_UP: Final = re.compile(r"TimeoutError|Timeout \d+ms exceeded")
_WAITED_FOR: Final = re.compile(r"waiting for locator\('([^\n]+)'\)")
_DRIVER: Final = re.compile(r"^(\w*Error: )?([a-z]\w+\.\w+: )?")
"""What Playwright puts before what it says: the kind of error, and its own function."""
_PACKAGES: Final = {"robotframework-browser": "Browser", "robotframework-browser-batteries": "BrowserBatteries"}
_GUARD: Final = Path(__file__).parents[1] / "environments" / "guard.py"


def chromium() -> Path:
    """Where Chromium is. Skips the test when it is nowhere."""
    named = os.environ.get(CHROMIUM_VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, CANDIDATES)), None)
    if found is None:
        looked = f"{named!r}, which {CHROMIUM_VARIABLE} names" if named else ", ".join(CANDIDATES)
        raise SkipExecution(
            f"Not verified here: there is no Chromium on this machine (looked for {looked}). "
            f"Debian: apt install chromium; elsewhere set {CHROMIUM_VARIABLE} to its path."
        )
    return Path(found)


def library() -> Any:
    """The Browser library, which the suite may have imported itself. Skips the test when it is not installed."""
    missing = [package for package, module in _PACKAGES.items() if not _there(module)]
    if missing:
        raise SkipExecution(
            f"Not verified here: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed. "
            "`pip install 'robotframework-qms[browser]'` installs what the keywords about the page need."
        )
    # It starts its processes when its first keyword is run: Node.js, and that Chromium.
    driver: Any = import_module("Browser.playwright")
    driver.Popen = _guarded
    builtin = BuiltIn()
    try:
        return builtin.get_library_instance("Browser")
    except RuntimeError:
        builtin.import_library("Browser", f"timeout={TIMEOUT}", "run_on_failure=${NONE}")
        return builtin.get_library_instance("Browser")


def _guarded(command: list[str], *, env: Mapping[str, str], **options: Any) -> subprocess.Popen[bytes]:
    """Start the Browser library's process below a guard, which ends all that came of it when Robot is gone.

    The library itself ends it when Robot ends by itself; when Robot is killed, nobody would.
    """
    files = tempfile.mkdtemp(prefix="qms-browser-")
    # When Robot ends by itself: after the library has ended the processes, because it says later that it wants to.
    atexit.register(shutil.rmtree, files, ignore_errors=True)
    # A session of its own: Ctrl-C is for Robot, whose teardowns may still need the page.
    return subprocess.Popen(
        [sys.executable, "-P", str(_GUARD), "--remove", files, *command],
        stdin=subprocess.PIPE, env={**env, "TMPDIR": files}, start_new_session=True, **options,
    )  # fmt: skip


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


class Page:
    """The dashboard's page in a browser: what somebody sees there and can do there.

    Keywords of the Browser library are run as a suite would run them, so they are in the log one by one.
    """

    def open(self, url: str, *, width: int, height: int, colours: str) -> Callable[[], None]:
        """Begin a browser session of its own (no cookies of another) and go to ``url``. Returns what ends it."""
        _possible(width, height)
        self.run("New Browser", "chromium", "headless=True", f"executablePath={chromium()}", "reuse_existing=True")
        viewport = {"width": width, "height": height}
        context = self.run(
            "New Context", f"viewport={viewport}", f"colorScheme={colours}", "locale=en-GB", "reducedMotion=reduce"
        )
        self.run("New Page", url)
        browser = library()

        def close() -> None:
            # Not as a keyword: when a test has ended there is no log for one. It may have been closed in the test.
            with suppress(Exception):
                browser.close_context(context)

        return close

    def log_in(self, username: str, password: str) -> None:
        """Fill in the form. The password is in no log."""
        self.run("Fill Text", "css=#username", escape(username))
        self.run("Fill Secret", "css=#password", Secret(password))
        self.run("Click", "css=form[action='/log-in'] button")
        # The page that follows, or what the form says: nothing can be asked of a page that is being left.
        self.run("Wait For Elements State", "css=[data-view], [data-message]", "attached")

    def click(self, selector: str) -> None:
        """Press something, once it is there and can be pressed."""
        self.run("Click", escape(f"css={selector}"))

    def fill(self, selector: str, text: str) -> None:
        """Write into a field."""
        self.run("Fill Text", escape(f"css={selector}"), escape(text))

    def look(self, **wanted: Any) -> dict[str, Any]:
        """Wait on the page itself until it is as wanted; what is seen then. See LOOK."""
        return dict(self.ask(LOOK, wanted))

    def watch(self) -> None:
        """From now on note when each thing on the page was first seen in each state. See WATCH."""
        self.ask(WATCH)

    def seen(self) -> dict[str, float]:
        """What was noted: ``mark|id|state`` to milliseconds since 1970; an empty state is when it went away."""
        return dict(self.ask(SEEN))

    def overflow(self) -> int:
        """Pixels that the page is wider than the window."""
        return int(self.ask(OVERFLOW))

    def forget_messages(self) -> None:
        """Take away what the page says of what was done before, so that it is not taken for an answer."""
        self.ask(FORGET)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window. Raises KeywordError for one that no window has."""
        _possible(width, height)
        self.run("Set Viewport Size", str(width), str(height))

    def colours(self, which: str) -> None:
        """What the system of whoever looks prefers: ``light`` or ``dark``."""
        self.run("Emulate Media", f"colorScheme={which}")

    def screenshot(self, path: Path, *, full: bool) -> None:
        """A picture of the window, or of the whole page. Raises KeywordError when it cannot be written there."""
        try:
            # Tried here, or the driver would say what is wrong in its own way.
            path.parent.mkdir(parents=True, exist_ok=True)
            new = not path.exists()
            path.touch()
            if new:
                path.unlink()
        except OSError as error:
            why = (error.strerror or "it cannot be written").lower()
            raise KeywordError(f"The picture cannot be put at {path}: {why}. Name another folder or file.") from None
        # Of a full path the library takes the last ending away and puts its own there.
        self.run("Take Screenshot", escape(str(path)), f"fullPage={full}", "disableAnimations=True")

    def run(self, name: str, *arguments: Any) -> Any:
        """Run a keyword of the Browser library. What it fails with is said in words."""
        library()
        try:
            return BuiltIn().run_keyword(f"Browser.{name}", *arguments)
        except ExecutionFailed as error:
            if error.skip or error.dont_continue:
                raise
            raise in_words(error.message, name) from None

    def ask(self, function: str, wanted: dict[str, Any] | None = None) -> Any:
        """What a JavaScript function gives on the page."""
        browser = library()
        try:
            return browser.evaluate_javascript(None, function.strip(), arg=wanted)
        except RobotError:  # the time of the test is up
            raise
        except Exception as error:  # whatever the library calls its own
            raise in_words(str(error), "Evaluate JavaScript") from None


def in_words(message: str, what: str) -> KeywordError | CheckFailed:
    """What the browser failed with, for whoever does not know its driver."""
    first, *_ = [line.strip() for line in message.splitlines() if line.strip()] or ["it gave no reason"]
    if _NO_PAGE.search(first):
        return KeywordError("No page is open in the browser. Expected `Open Dashboard Page` before this keyword.")
    if "has been closed" in first or "crashed" in first:
        return KeywordError(
            "The browser has ended meanwhile. Look whether the machine has run out of memory; `Open Dashboard Page` "
            "begins another one."
        )
    if _TIME_IS_UP.search(message):
        element = _WAITED_FOR.search(message)
        return CheckFailed(
            f"What was to be done on the page could not be done within {TIMEOUT} ({what}).\n"
            f"Expected: {element.group(1) if element else 'an element'}, visible and not covered\n"
            "Look at: the screenshot in this log: whether it is there, and what is before it"
        )
    reason = _DRIVER.sub("", first)
    return CheckFailed(f"The browser could not do this ({what}): {reason}\nLook at: playwright-log.txt in the results")


def _possible(width: int, height: int) -> None:
    """Raise KeywordError for a window that no screen has; the browser ends itself over some of them."""
    for name, pixels in (("width", width), ("height", height)):
        if not SMALLEST <= pixels <= LARGEST:
            raise KeywordError(f"{name}: a window has {SMALLEST} to {LARGEST} pixels, and {pixels} was asked for.")


LOOK: Final = """
(wanted) => new Promise((done) => {
  // wanted: selector, and optionally text (in any of them), absent (nothing like it may be there), timeout (ms)
  const marked = (mark, name) => [...document.querySelectorAll(`[data-${mark}]`)].map((one) => one.dataset[name]);
  const shown = () => [...document.querySelectorAll(wanted.selector)].filter((one) => one.getClientRects().length > 0);
  const words = (one) => (one.innerText || "").replace(/\\s+/g, " ").trim();
  const fits = (one) => !wanted.text || words(one).includes(wanted.text);
  const holds = () => shown().some(fits) !== Boolean(wanted.absent);
  const finish = () => {
    observer.disconnect();
    clearTimeout(timer);
    const all = (selector) => [...document.querySelectorAll(selector)];
    done({
      holds: holds(),
      texts: shown().slice(0, 5).map((one) => words(one).slice(0, 300)),
      states: shown().map((one) => one.dataset.state || ""),
      messages: all("[data-message]").map(words),
      refused: all("[data-message=refused]").map(words),
      connection: document.body.dataset.connection || "",
      title: document.title,
      address: location.pathname + location.search,
      view: document.body.dataset.view || "",
      repository: document.body.dataset.repository || "",
      cards: marked("card", "card"),
      alerts: marked("alert", "state"),
    });
  };
  const observer = new MutationObserver(() => { if (holds()) finish(); });
  const timer = setTimeout(finish, wanted.timeout || 0);
  if (holds()) finish();
  else observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})
"""
SEEN: Final = """
() => new Promise((done) => {
  // What is under way is on the page after the next frame.
  requestAnimationFrame(() => requestAnimationFrame(() => done(window.qmsSeen || {})));
})
"""
FORGET: Final = "() => document.querySelectorAll('[data-message]').forEach((one) => one.remove())"
OVERFLOW: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WATCH: Final = """
() => {
  const seen = window.qmsSeen = {};
  const known = new Map();
  const note = () => {
    const now = Date.now();
    const here = new Map();
    for (const mark of ["data-escalation", "data-alert", "data-workflow"])
      for (const one of document.querySelectorAll(`[${mark}][data-state]`))
        here.set(`${mark}|${one.getAttribute(mark)}`, one.dataset.state);
    for (const [thing, state] of here) {
      if (known.get(thing) !== state) seen[`${thing}|${state}`] = now;
      known.set(thing, state);
    }
    for (const thing of known.keys()) if (!here.has(thing)) { seen[`${thing}|`] = now; known.delete(thing); }
  };
  note();
  // Not the moment of the change but of the frame that shows it is what somebody sees.
  const every = { subtree: true, childList: true, attributes: true };
  new MutationObserver(() => requestAnimationFrame(note)).observe(document.body, every);
}
"""
