# SPDX-License-Identifier: MIT
"""The walk-through of the README, command by command as it stands there, on a
server of ours with a leak that only load shows."""

import os
import re
import shlex
import socket

from harness import (MEMPROF, SOURCES, TOP, Case, clean_env, finish, main,
                     marked_lines, start, target)

HEADING = "## Which line of redis-server leaks"
CLIENTS, KEYS, VALUES = 4, 100, 1000


class Readme(Case):
    def commands(self):
        """The arguments of each memprof there, with our server's names."""
        with open(os.path.join(TOP, "README.md")) as file:
            section = file.read().split(HEADING + "\n")[1].split("\n## ")[0]
        names = {"redis.mp": "server.mp", "networking.c": "server.c"}
        found = [shlex.split(line) for line in
                 re.findall(r"^    \$ memprof (.*)$", section, re.M)]
        self.assertEqual([words[0] for words in found],
                         ["run", "leaks", "lines"])
        run = found[0][:found[0].index("--") + 1]
        return [[names.get(word, word) for word in words]
                for words in [run + [target("server"), "socket"]] + found[1:]]

    def load(self):
        """As many clients, each with keys of its own, which it sets again and
        again to values of all lengths."""
        clients = []
        for number in range(CLIENTS):
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.path("socket"))
            clients.append((client, client.makefile("rw")))
        for i in range(VALUES):
            for number, (client, lines) in enumerate(clients):
                lines.write("SET key-%d-%d %s\n" % (
                    number, i % KEYS, "x" * (1 + i % 50)))
                lines.flush()
                self.assertEqual(lines.readline(), "OK\n")
        clients[0][1].write("STOP\n")
        clients[0][1].flush()
        self.assertEqual(clients[0][1].readline(), "OK\n")
        for client, lines in clients:
            lines.close()
            client.close()

    def test_the_line_that_leaks(self):
        run, leaks, lines = self.commands()
        server = start([MEMPROF] + run, cwd=self.dir, env=clean_env())
        self.assertEqual(server.stdout.readline(), b"ready\n")
        self.load()
        ended = finish(server)
        self.assertEqual(ended.status, 0, ended.stderr)
        stated = ended.stated()
        self.assertEqual(stated["lost_blocks"], CLIENTS * (VALUES - KEYS))

        text = finish(start([MEMPROF] + leaks, cwd=self.dir, env=clean_env()))
        line = marked_lines("server.c")["leak"]
        self.assertRegex(text.stdout.decode(), (
            r"Definitely lost: .* in {:,} blocks from 1 site\n\n"
            r"#1  .* in {:,} blocks\n +set +\S*server\.c:%d " % line).format(
                stated["lost_blocks"], stated["lost_blocks"]))
        self.assertEqual(
            self.json(*leaks)["leak_check"]["definitely_lost"],
            {"blocks": stated["lost_blocks"], "bytes": stated["lost_bytes"]})

        text = finish(start([MEMPROF] + lines, cwd=self.dir, env=clean_env()))
        shown = re.findall(r"^ +(\d+) +\S+ \S*B ", text.stdout.decode(), re.M)
        self.assertEqual(shown, [str(line)])
        found, = self.json(*lines)["files"]
        self.assertEqual(found["file"], os.path.join(SOURCES, "server.c"))
        live, = [row["live_bytes"] for row in found["lines"]
                 if row["line"] == line]
        self.assertEqual(live, stated["lost_bytes"] + stated["held_bytes"])


main()
