"""Calls of `advkit bench`, whose JSON is the result."""

import json
import subprocess
import sys
import time

BUSY = "two threads reach"  # of advkit's refusal to report figures of a busy machine
PATIENCE = 10


class Advkit:
    def __init__(self, binary, threads, seconds, force):
        self.binary, self.threads, self.seconds, self.force = binary, threads, seconds, force

    def bench(self, kind, model, *flags, **options):
        options = {"threads": self.threads, "seconds": self.seconds, **options}
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        command = [self.binary, "bench", kind, "--model", model, "--json", *words, *flags]
        command += ["--force"] if self.force else []
        for _ in range(PATIENCE):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0 or BUSY not in done.stderr:
                break
            time.sleep(15)  # a passing job is no reason to lose the rounds before it
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stderr.strip()}")
        return json.loads(done.stdout)

    def version(self):
        return subprocess.run([self.binary, "--version"], capture_output=True, text=True).stdout.strip()
