"""Mounts that only one program sees: replaced files, small disks, read-only folders."""

import functools
import os
import subprocess


def in_own_mounts(script):
    """The words that run a program where `script` has mounted something."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *user, "sh", "-ec", f'{script}; exec "$@"', "sh"]


@functools.cache
def why_not():
    """Why mounts are impossible here, for example in a chroot; None if they are possible."""
    done = subprocess.run([*in_own_mounts("mount -t tmpfs none /mnt"), "true"], capture_output=True,
                          text=True)
    if done.returncode == 0:
        return None
    return f"no mounts of its own: {(done.stderr.strip().splitlines() or ['unshare failed'])[-1]}"
