"""Libraries that stand before the system's own in a program (LD_PRELOAD), or in a module's place."""

import functools

from harness.kept import kept_folder
from harness.process import run


@functools.cache
def compiled(source, *options):
    """The library that this C file makes: compiled once in a process, not in each test."""
    library = kept_folder() / f"{source.stem}.so"
    run(["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", *options, "-o", library, source, "-ldl"])
    return library
