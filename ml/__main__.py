"""``python -m ml COMMAND``: make data, train, calibrate, screen, measure and describe networks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ml.commands import (
    ablate,
    audit,
    calibrate,
    card,
    evaluate,
    expect,
    explain,
    export,
    manifest,
    quality,
    samples,
    screen,
    train,
)
from ml.errors import InputError
from ml.training import process

#: The commands stand in the order in which they are used.
COMMANDS = (
    manifest,
    train,
    ablate,
    export,
    calibrate,
    expect,
    quality,
    screen,
    evaluate,
    audit,
    explain,
    samples,
    card,
)
#: A command line that begins with these words trains a network.
TRAINING = (["train"], ["ablate"])
USAGE_ERROR, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ml",
        description="Train, calibrate and measure skin-lesion classifiers.",
        epilog="Each command explains its options with --help.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except InputError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.strerror or error}: {error.filename or 'no file'}")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. A training run goes on when its command is given again.\n")
        return INTERRUPTED
    return 0


def _refuse(message: str) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return USAGE_ERROR


if __name__ == "__main__":
    if sys.argv[1:2] in TRAINING and "--help" not in sys.argv:
        process.restart()
    sys.exit(main())
