"""Outputs and disks that fail, as they do for programs that run unattended."""

import contextlib
import fcntl
import os
import shutil
import subprocess

import pytest


@contextlib.contextmanager
def full_disk():
    """An output on which there is no room."""
    with open("/dev/full", "wb", buffering=0) as output:
        yield output


@contextlib.contextmanager
def closed_pipe():
    """An output whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", buffering=0) as output:
        yield output


@contextlib.contextmanager
def unread_pipe():
    """An output whose reader does not read, and which is full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ))
    os.set_blocking(writing, True)
    with open(reading, "rb", buffering=0), open(writing, "wb", buffering=0) as output:
        yield output


def closing(*descriptors):
    """For `preexec_fn`: the program finds these descriptors closed."""
    def close():
        for descriptor in descriptors:
            os.close(descriptor)
    return close


@contextlib.contextmanager
def small_disk(folder, size="128k"):
    """A file system of its own at `folder`; skips the test where none can be mounted."""
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder],
                             stderr=subprocess.PIPE, text=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Leaves no room in a small disk; returns the file to remove."""
    file = folder / "filler"
    with open(file, "wb", buffering=0) as output, contextlib.suppress(OSError):
        while True:
            output.write(b"x" * 1024)
    return file


@contextlib.contextmanager
def read_only(folder):
    """Inside the block nobody can write in `folder`, not even root."""
    for words in (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder]):
        mounted = subprocess.run(words, stderr=subprocess.PIPE, text=True)
        if mounted.returncode:
            pytest.skip(f"nothing can be mounted read-only here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def copied_with_links_followed(folder):
    """Replaces `folder` by a copy that holds files where it held links, as some backups do."""
    original = folder.with_name(folder.name + "-original")
    folder.rename(original)
    shutil.copytree(original, folder, symlinks=False)


def copied_without_links(folder):
    """Replaces `folder` by a copy that lacks its links, as other backups do."""
    original = folder.with_name(folder.name + "-original")
    folder.rename(original)

    def links(directory, names):
        return [name for name in names if os.path.islink(os.path.join(directory, name))]

    shutil.copytree(original, folder, ignore=links)
