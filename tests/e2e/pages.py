# SPDX-License-Identifier: MIT
"""Pages of memprof html, and a browser that must have nothing to complain of
on any of them."""

import atexit
import os
import re
import shutil
import tempfile

import browser
from harness import (BUILD, CC, MEMPROF, Case, clean_env, finish, start,
                     target)

METRICS = {"peak": "peak_bytes", "leaked": "live_bytes",
           "allocated": "allocated_bytes", "count": "allocations",
           "temporary": "temporary"}
SORTS = {"peak": "peak", "leaked": "live", "allocated": "bytes",
         "count": "blocks", "temporary": "temporary"}
TABLES = ("function", "line", "file", "module", "site", "thread")
VIEWS = ("overview", "timeline", "flame", "flame&dir=up", "table", "table&by=site",
         "source", "leaks", "sizes")

ZOOMED = "return !document.getElementById('unzoom').hidden"
NOT_ZOOMED = "return document.getElementById('unzoom').hidden"

# The name that this becomes in the binary would be markup, if it were let.
PLAIN = "a" * 52
EVIL = "</script><img src=x onerror=hacked=1>\u202e\"'&<b>{x}"
EVIL += "_" * (len(PLAIN) - len(EVIL.encode()))

SOURCE = """#include <stdlib.h>
#include <string.h>

void *kept[100];
int n;

__attribute__((noinline)) void leaf(size_t size)
{
\tkept[n++] = malloc(size);
}

__attribute__((noinline)) void recurse(int depth)
{
\tleaf(100);
\tif (depth > 0)
\t\trecurse(depth - 1);
}

/* </script><script>hacked=2</script> \u202e " ' & <img src=x onerror=hacked=3> */
__attribute__((noinline)) void %s(void)
{
\tkept[n++] = calloc(3, 1000);
}

__attribute__((noinline)) void shortlived(void)
{
\tfor (int i = 0; i < 7; i++)
\t\tfree(memset(malloc(40000), 1, 1));
}

int main(void)
{
\trecurse(4);
\tleaf(5000);
\t%s();
\tshortlived();
\tfree(kept[0]);
\treturn 0;
}
""" % (PLAIN, PLAIN)
FILE = "</script><img src=x onerror=hacked=4>\"'.c".replace("/", "_")


def rows_of(rows, by, metric):
    """What a table of the page shows of the rows of top."""
    pairs = sorted((row["self"][metric], row["cumulative"][metric])
                   for row in rows)
    pairs = [pair for pair in pairs if pair != (0, 0)]
    return [(a,) for a, _ in pairs] if by in ("site", "thread") else pairs


class Shared(Case):
    """One recording for all cases."""

    @classmethod
    def make_folder(cls):
        cls.folder = tempfile.mkdtemp(prefix="memprof-e2e-html-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    @classmethod
    def setUpClass(cls):
        cls.make_folder()
        cls.source = os.path.join(cls.folder, FILE)
        with open(cls.source, "w") as file:
            file.write(SOURCE)
        program = os.path.join(cls.folder, "program")
        run = finish(start((CC, "-g", "-O0", "-o", program, cls.source)))
        assert run.status == 0, run.stderr.decode()
        with open(program, "rb") as file:
            code = file.read()
        assert PLAIN.encode() in code
        with open(program, "wb") as file:
            file.write(code.replace(PLAIN.encode(), EVIL.encode()))
        cls.mp = os.path.join(cls.folder, "program.mp")
        run = finish(start((program,), cwd=cls.folder, env=clean_env(
            LD_PRELOAD=os.path.join(BUILD, "libmemprof.so"),
            MEMPROF_OUT=cls.mp, MEMPROF_QUIET="1")))
        assert run.status == 0, run.stderr.decode()

    def write(self, *args, name="page.html"):
        path = self.path(name)
        self.memprof("html", "-o", path, *args, self.mp)
        return path


class InBrowser(Shared):
    """Pages of which nothing may complain and which may ask for nothing."""

    page = None

    @classmethod
    def make_page(cls, *args):
        """The page that every case begins with, in the browser of all."""
        if not browser.CHROMIUM or not browser.CHROMEDRIVER:
            return
        if args:
            cls.page = os.path.join(cls.folder, "page.html")
            run = finish(start((MEMPROF, "html", "-o", cls.page, *args),
                               env=clean_env()))
            assert run.status == 0, run.stderr.decode()
        if not hasattr(InBrowser, "browser"):
            InBrowser.browser = browser.Browser()
            atexit.register(InBrowser.browser.end)

    def setUp(self):
        super().setUp()
        self.need("chromium", "chromedriver")
        self.browser.size(1280, 900)
        if self.page:
            self.browser.open(self.page)

    def fits(self, views):
        """On all screens, in both themes; leaves pictures for who asks."""
        pictures = os.environ.get("MEMPROF_PICTURES")
        for width, height in ((1280, 900), (1024, 768), (390, 800)):
            self.browser.size(width, height)
            for theme in ("light", "dark"):
                self.browser.wait(
                    "const e = document.documentElement;"
                    "if (e.dataset.theme !== arguments[0])"
                    "document.getElementById('theme').click();"
                    "return e.dataset.theme === arguments[0]", theme)
                for view in views:
                    self.browser.go("#view=" + view)
                    self.browser.run("return new Promise((ok) => "
                                     "requestAnimationFrame(ok))")
                    self.assertLessEqual(self.browser.run(
                        "return document.documentElement.scrollWidth"),
                        width, (view, width))
                    if pictures:
                        self.browser.picture(os.path.join(
                            pictures, "%s-%d-%s.png" % (
                                re.sub("[^a-z]+", "-", view), width, theme)))

    def tearDown(self):
        if not hasattr(self, "browser"):
            return
        self.assertEqual(self.browser.log(), [], "on the console")
        self.assertEqual(self.browser.requests(), [])
        self.assertIsNone(self.browser.run("return window.hacked || null"))
        self.assertEqual(self.browser.run(
            "return document.querySelectorAll('img, b b, iframe').length"), 0)

    def tables(self, by):
        """self and cumulative of all rows, in order of the metric shown."""
        shown = self.browser.run("""
            return [...document.querySelectorAll('#table tbody tr')]
            .map((tr) => [...tr.querySelectorAll('.bar')]
            .map((e) => Number(e.dataset.value)))""")
        return sorted(map(tuple, shown))

    def totals(self):
        return {key: int(text.replace(",", "")) for key, text in
                self.browser.run(
                    "return [...document.querySelectorAll('[data-total]')]"
                    ".map((e) => [e.dataset.total, e.title])")}


class Recorded(InBrowser):
    """Pages of the other programs that tests record."""

    @classmethod
    def setUpClass(cls):
        cls.make_folder()
        cls.make_page()

    @classmethod
    def record(cls, name, dump, *args, status=0, **env):
        path = os.path.join(cls.folder, dump)
        run = finish(start((target(name),) + args, cwd=cls.folder,
                           env=clean_env(
                               LD_PRELOAD=os.path.join(BUILD, "libmemprof.so"),
                               MEMPROF_OUT=path, MEMPROF_QUIET="1", **env)))
        assert run.status == status, run.stderr.decode()
        return path
