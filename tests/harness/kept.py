"""What is made once in a process and used by all its tests: a folder, which goes when they have ended."""

import functools
import pathlib
import shutil
import tempfile


@functools.cache
def kept_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-kept-"))
    folder.chmod(0o755)  # also for programs that do not run as root
    return folder


def remove_kept():
    """Removes it; nothing uses it any more."""
    if kept_folder.cache_info().currsize:
        shutil.rmtree(kept_folder(), ignore_errors=True)
