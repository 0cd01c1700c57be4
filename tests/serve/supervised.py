"""Supervise Python programs, which are the arguments, and print their process ids."""

from __future__ import annotations

import sys

from skinsite import supervisor

BEGIN = "import os, signal, subprocess, sys, time; print(os.getpid(), flush=True); "

if __name__ == "__main__":
    commands = {
        f"program{number}": [sys.executable, "-c", BEGIN + program]
        for number, program in enumerate(sys.argv[1:])
    }
    supervisor.run(commands, watch=lambda stop: None)
