#!/usr/bin/env python3
"""Opens the web pages in headless Chromium, at the size of a phone and of a desk, and looks at what a person would.

    python3 ci/pages.py SIGYL SIGYL-SERVER [--pictures FOLDER]

It checks that nothing is wider than the screen, that text stands out enough, in light and in dark, that what can be used
has a name and is reached by Tab with a ring around it, that tabs without a script work, that a key signs in and out, and
that the browser reports nothing. It speaks to Chromium over two pipes, and needs nothing but Python and Chromium.
"""

import argparse
import base64
import fcntl
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples/servers"
SIZES = {"phone": (390, 844, True), "desktop": (1280, 800, False)}
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
DOCUMENTS = [
    ("com.example/weather", "Weather", "Forecasts, warnings and the past weather of any place, in metric or other units.", "npm", "@example/weather"),
    ("com.example/tickets", "Tickets", "Reads and files tickets of the team's tracker; never closes one.", "pypi", "example-tickets"),
    ("com.example/postgres", "Postgres", "Read-only queries over the databases of the team, with a limit on rows.", "oci", "docker.io/example/postgres:2.1.0"),
    ("dev.acme/calendar", "Calendar", "Free times, meetings and rooms.", "npm", "@acme/calendar"),
    ("dev.acme/wiki", "Wiki", "Searches the wiki and reads its pages.", "npm", "@acme/wiki"),
]

# Pages that the documentation shows.
PICTURES = ("servers", "server", "docs")

# What of a page is not as it should be. It runs in the page's own world; the policy of the page does not bind it.
LOOK = r"""
(() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll('body *')].filter(it => it.getBoundingClientRect().right > innerWidth + 1
      && !it.closest('pre, .scroll'));
    wrong.push(`wider than the screen (${root.scrollWidth} of ${innerWidth}): ` + wide.slice(0, 3).map(it => it.outerHTML.slice(0, 120)).join(' | '));
  }
  const numbers = text => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = element => {
    for (let it = element; it; it = it.parentElement) {
      const colour = numbers(getComputedStyle(it).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const seen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const faint = new Set();
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !seen(element) || element.closest('.anchor, .skip')) continue;
    const style = getComputedStyle(element);
    let ink = numbers(style.color);
    const ground = behind(element);
    const share = style.opacity * (ink[3] ?? 1);
    ink = [0, 1, 2].map(at => ink[at] * share + ground[at] * (1 - share));
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  if (faint.size) wrong.push('too faint: ' + [...faint].slice(0, 5).join(', '));
  for (const field of document.querySelectorAll('input, select, textarea, button')) {
    const named = field.textContent.trim() || field.labels?.length || field.getAttribute('aria-label');
    if (!named) wrong.push('no name: ' + field.outerHTML.slice(0, 120));
  }
  for (const link of document.querySelectorAll('a')) {
    if (!(link.textContent.trim() || link.getAttribute('aria-label'))) wrong.push('no name: ' + link.outerHTML.slice(0, 120));
  }
  const ids = [...document.querySelectorAll('[id]')].map(it => it.id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length) wrong.push('the same id twice: ' + twice.slice(0, 5));
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    const id = decodeURIComponent(link.getAttribute('href').slice(1));
    if (!document.getElementById(id)) wrong.push('leads nowhere: #' + id);
  }
  const levels = [...document.querySelectorAll('main h1, main h2, main h3, main h4')].map(it => +it.tagName[1]);
  if (levels.filter(level => level === 1).length !== 1) wrong.push('there is not one h1');
  for (const name of ['header', 'main', 'footer']) {
    if (document.querySelectorAll('body > ' + name).length !== 1) wrong.push('there is not one ' + name);
  }
  return wrong;
})()
"""

# Where Tab stands, and whether that is to be seen.
FOCUS = r"""
(() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  // A tab is a hidden choice; its name has the ring.
  const shown = it.type === 'radio' ? it.nextElementSibling : it;
  const style = getComputedStyle(shown);
  return { what: it.outerHTML.slice(0, 90), ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 };
})()
"""


def above(descriptor):
    """Moves a descriptor out of the way of 3 and 4, which Chromium reads and writes."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


class Browser:
    """Chromium, spoken to in its own protocol over two pipes."""

    def __init__(self, program, folder):
        here_out, there_in = map(above, os.pipe())
        there_out, here_in = map(above, os.pipe())

        def place_pipes():
            os.dup2(there_out, 3)
            os.dup2(there_in, 4)

        line = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--remote-debugging-pipe",
                f"--user-data-dir={folder}"]
        self.process = subprocess.Popen(line, preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(there_in)
        os.close(there_out)
        self.reader, self.writer = os.fdopen(here_out, "rb"), os.fdopen(here_in, "wb")
        self.numbers, self.reported, self.session, self.loaded = itertools.count(1), [], None, False
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for room in ["Page", "Log", "Runtime", "Network", "Audits"]:
            self.ask(f"{room}.enable")

    def read(self):
        letters = bytearray()
        while (letter := self.reader.read(1)) != b"\0":
            if not letter:
                raise SystemExit("Chromium ended")
            letters += letter
        said = json.loads(letters)
        method, told = said.get("method"), said.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.reported.append(told["entry"]["text"])
        elif method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.reported.append(json.dumps(told)[:200])
        elif method == "Audits.issueAdded" and told["issue"]["code"] == "ContentSecurityPolicyIssue":
            self.reported.append(json.dumps(told["issue"])[:300])
        return said

    def ask(self, method, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.writer.write(json.dumps(message).encode() + b"\0")
        self.writer.flush()
        while True:
            said = self.read()
            if said.get("id") == number:
                if "error" in said:
                    raise SystemExit(f"{method}: {said['error']}")
                return said["result"]

    def open(self, address):
        self.loaded = False
        self.ask("Page.navigate", url=address)
        self.wait()

    def wait(self):
        while not self.loaded:
            self.read()

    def run(self, script):
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"a check failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def write(self, text):
        self.ask("Input.insertText", text=text)

    def size(self, width, height, is_phone):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone)

    def scheme(self, name):
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}, {"name": "prefers-reduced-motion", "value": "reduce"}])

    def picture(self, file):
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def end(self):
        self.process.kill()
        self.process.wait()


class Failures(list):
    def check(self, place, wrong):
        for one in wrong:
            self.append(f"{place}: {one}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(server, folder):
    """Starts a server over an empty folder, and returns it with its address when it answers."""
    port = free_port()
    line = [server, "--data-dir", folder / "data", "--cache-dir", folder / "cache", "--listen", f"127.0.0.1:{port}", "--offline"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process, f"http://localhost:{port}"
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the server ended before it answered") from None
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def fill(sigyl, folder):
    """Puts documents in, and releases one server with its source."""
    rows = folder / "rows.jsonl"
    schema = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
    with rows.open("w") as out:
        for name, title, description, kind, identifier in DOCUMENTS:
            package = {"registryType": kind, "identifier": identifier, "transport": {"type": "stdio"},
                       "environmentVariables": [{"name": "TOKEN", "description": "A token of the service", "isSecret": True, "isRequired": True}]}
            if kind != "oci":
                package["version"] = "2.1.0"
            json.dump({"$schema": schema, "name": name, "title": title, "description": description, "version": "2.1.0",
                       "packages": [package]}, out)
            out.write("\n")
    own = [sigyl, "--data-dir", folder / "data"]
    subprocess.run([*own, "import", rows], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deployed = subprocess.run([*own, "deploy", EXAMPLES / "clock"], capture_output=True, text=True)
    if deployed.returncode:
        raise SystemExit(f"the example could not be deployed:\n{deployed.stderr}")


def look(browser, failures, place):
    failures.check(place, browser.run(LOOK))
    failures.check(place, [f"the browser reports {text}" for text in browser.reported])
    browser.reported.clear()


def tab_through(browser, failures, place, most=60):
    """Presses Tab until it comes around, and looks for the ring at each stop."""
    stops = []
    for _ in range(most):
        browser.press("Tab", 9)
        at = browser.run(FOCUS)
        if at is None:
            break
        if not at["ring"]:
            failures.append(f"{place}: no ring around {at['what']}")
        stops.append(at["what"])
    if len(stops) < 5:
        failures.append(f"{place}: Tab reaches only {stops}")
    elif 'class="skip"' not in stops[0]:
        failures.append(f"{place}: Tab does not begin with the way to the content")


def choose_tab(browser, failures):
    """A client is chosen with the arrow keys, and its panel is shown in the place of the first."""
    shown = "[...document.querySelectorAll('.panel')].findIndex(it => it.checkVisibility())"
    browser.run("document.querySelector('.tabs input').focus()")
    before = browser.run(shown)
    browser.press("ArrowRight", 39)
    after = browser.run(shown)
    if (before, after) != (0, 1):
        failures.append(f"tabs: the panels {before} and {after} were shown, and 0 and 1 should be")


def sign_in(browser, failures, base, key):
    browser.open(f"{base}/sign-in")
    browser.run("document.getElementById('key').focus()")
    browser.write(key)
    browser.loaded = False
    browser.ask("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    browser.wait()
    if browser.run("document.querySelector('.who button')?.textContent") != "Sign out":
        failures.append(f"sign-in: {browser.run('document.body.innerText')[:300]}")
    if browser.run("document.cookie") != "":
        failures.append("sign-in: a script of the page could read the cookie")


def sign_out(browser, failures):
    browser.loaded = False
    browser.run("document.querySelector('.who button').click()")
    browser.wait()
    if browser.run("document.querySelector('.who').textContent") != "Sign in":
        failures.append("sign-out: the browser is still signed in")


def walk(browser, failures, base, key, pictures):
    pages = {"servers": "/", "found": "/?q=weather", "server": "/servers/internal.sigyl/clock", "document": "/servers/com.example/weather",
             "docs": "/docs", "rules": "/docs/rules", "clients": "/docs/clients", "search": "/search?q=key", "api": "/api", "missing": "/nothing"}
    for name, (width, height, is_phone) in SIZES.items():
        browser.size(width, height, is_phone)
        for scheme in ("dark", "light"):
            browser.scheme(scheme)
            browser.open(f"{base}/sign-in")
            look(browser, failures, f"sign-in, {name}, {scheme}")
            sign_in(browser, failures, base, key)
            for page, path in pages.items():
                browser.open(base + path)
                if page == "missing":
                    # That there is nothing is what the browser should report.
                    browser.reported.clear()
                browser.run("document.querySelectorAll('details').forEach(it => it.open = true)")
                look(browser, failures, f"{page}, {name}, {scheme}")
                if page == "server":
                    if not browser.run("document.querySelectorAll('.tool').length"):
                        failures.append(f"{page}: no tools are shown to who may read")
                if pictures and scheme == "light" and page in PICTURES:
                    browser.open(base + path)
                    browser.reported.clear()
                    browser.picture(pictures / f"{page}-{name}.png")
            browser.open(base + "/")
            sign_out(browser, failures)
    browser.open(base + pages["server"])
    if browser.run("document.querySelectorAll('.tool').length"):
        failures.append("tools are shown to who is signed out")
    choose_tab(browser, failures)
    for page in ("servers", "server", "docs"):
        browser.open(base + pages[page])
        tab_through(browser, failures, page)


def main():
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("sigyl", type=Path)
    reader.add_argument("server", type=Path)
    reader.add_argument("--pictures", type=Path)
    given = reader.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"there is no Chromium: one of {', '.join(BROWSERS)} has to be installed")
    failures = Failures()
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sigyl-pages-") as name:
        folder = Path(name)
        server, base = serve(given.server, folder)
        try:
            fill(given.sigyl, folder)
            key = (folder / "data/admin.key").read_text().strip()
            browser = Browser(program, folder / "browser")
            try:
                walk(browser, failures, base, key, given.pictures)
            finally:
                browser.end()
        finally:
            server.terminate()
            server.wait()
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        raise SystemExit(f"{len(failures)} things are wrong with the pages")
    print("every page is as it should be, on a phone and on a desk, in light and in dark")


if __name__ == "__main__":
    main()
