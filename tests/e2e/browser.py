# SPDX-License-Identifier: MIT
"""A headless Chromium, driven by chromedriver over plain HTTP (W3C WebDriver):
nothing is needed but the two programs and Python's own library."""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
SECONDS = 60
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--force-device-scale-factor=1")


class Browser:
    """One window. Every page that is opened must be a file."""

    def __init__(self, width=1280, height=900):
        self.folder = tempfile.mkdtemp(prefix="memprof-browser-")
        self.driver = subprocess.Popen(
            (CHROMEDRIVER, "--port=0"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True)
        try:
            self.root = "http://127.0.0.1:%d" % self._port()
            options = {
                "binary": CHROMIUM,
                "args": list(ARGUMENTS) + [
                    "--window-size=%d,%d" % (width, height),
                    "--user-data-dir=" + os.path.join(self.folder, "user")],
                "prefs": {"download.default_directory": self.folder},
            }
            answer = self._ask("POST", "/session", {"capabilities": {
                "alwaysMatch": {"goog:chromeOptions": options,
                                "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = "/session/" + answer["sessionId"]
        except BaseException:
            self.end()
            raise

    def _port(self):
        for line in self.driver.stdout:
            if b"successfully on port " in line:
                return int(line.split(b"on port ")[1].split(b".")[0])
        raise AssertionError("chromedriver did not start")

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.root + path, data=data, method=method,
            headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(
                json.load(error)["value"]["message"]) from None

    def end(self):
        try:
            if hasattr(self, "session"):
                self._ask("DELETE", self.session)
        finally:
            os.killpg(self.driver.pid, signal.SIGKILL)
            self.driver.wait()
            self.driver.stdout.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def open(self, path, fragment=""):
        """Opens a file anew, and waits until the page says it is ready."""
        self._ask("POST", self.session + "/url", {"url": "about:blank"})
        self._ask("POST", self.session + "/url",
                  {"url": "file://" + path + fragment})
        self.wait("return document.documentElement.dataset.ready === '1' ||"
                  "document.getElementById('failure') !== null")

    def run(self, script, *args):
        """The result of a script that is a function's body."""
        return self._ask("POST", self.session + "/execute/sync",
                         {"script": script, "args": list(args)})

    def wait(self, script, *args):
        """Until the script's result is true, which is then returned."""
        end = time.monotonic() + SECONDS
        while True:
            result = self.run(script, *args)
            if result:
                return result
            if time.monotonic() > end:
                raise AssertionError("never came true: " + script)
            time.sleep(0.02)

    def go(self, fragment):
        """Another view of the same page."""
        self.run("""const done = new Promise((ok) => {
            addEventListener('hashchange', () => ok(), {once: true});
            setTimeout(ok, location.hash === arguments[0] ? 0 : 5000);
            location.hash = arguments[0]; });
            return done;""", fragment)

    def seen(self, rows, cells, fragments):
        """The numbers behind the cells of all rows, in each of the views."""
        return self.run("""
            const [rows, cells, fragments] = arguments;
            const all = [];
            for (const fragment of fragments) {
                if (location.hash !== fragment)
                    await new Promise((ok) => {
                        addEventListener('hashchange', ok, {once: true});
                        location.hash = fragment;
                    });
                all.push([...document.querySelectorAll(rows)].map((row) =>
                    [...row.querySelectorAll(cells)].map((e) =>
                    Number(e.dataset.value))));
            }
            return all;""", rows, cells, fragments)

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)
        # hashchange comes after the click.
        self.run("return new Promise((ok) => setTimeout(ok, 0))")

    def fill(self, selector, text):
        self.run("""const field = document.querySelector(arguments[0]);
            field.value = arguments[1];
            field.dispatchEvent(new Event('input', {bubbles: true}));""",
                 selector, text)

    def key(self, selector, key):
        self.run("""const at = document.querySelector(arguments[0]);
            at.focus();
            at.dispatchEvent(new KeyboardEvent('keydown',
                {key: arguments[1], bubbles: true, cancelable: true}));
            return new Promise((ok) => setTimeout(ok, 0));""", selector, key)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])"
                        ".textContent", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])]"
                        ".map((e) => e.textContent)", selector)

    def values(self, selector):
        """The exact numbers behind what elements show."""
        return [int(text) for text in self.run(
            "return [...document.querySelectorAll(arguments[0])]"
            ".map((e) => e.dataset.value)", selector)]

    def size(self, width, height):
        self._ask("POST", self.session + "/goog/cdp/execute", {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height,
                       "deviceScaleFactor": 1, "mobile": False}})

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(
                self._ask("GET", self.session + "/screenshot")))

    def wait_for_file(self, path):
        """Until it was downloaded."""
        end = time.monotonic() + SECONDS
        while not os.path.exists(path):
            if time.monotonic() > end:
                raise AssertionError("never came: " + path)
            time.sleep(0.02)

    def print_page(self):
        """The page on paper, as PDF."""
        return base64.b64decode(self._ask("POST", self.session + "/print", {}))

    def log(self):
        """What the console got since it was last asked for."""
        return self._ask("POST", self.session + "/se/log", {"type": "browser"})

    def requests(self):
        """Whatever else the page had fetched."""
        return self.run("return performance.getEntriesByType('resource')"
                        ".map((e) => e.name)")
