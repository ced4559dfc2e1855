"""What the linker wrote into the programs."""

import os
import pathlib
import subprocess

import pytest

PROGRAMS = sorted(path for path in pathlib.Path(os.environ["CAIRN_BIN"]).iterdir()
                  if path.is_file() and os.access(path, os.X_OK))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_libraries_are_looked_for_in_the_system_alone(program):
    told = subprocess.run(["readelf", "--dynamic", program], check=True, capture_output=True, text=True).stdout
    assert "NEEDED" in told
    for tag in ("(RPATH)", "(RUNPATH)"):
        assert tag not in told, "a search path could name a folder that others write to"


def test_a_library_of_the_current_folder_is_not_loaded(tmp_path):
    """What the loader would take for one of the program's libraries lies everywhere in the folder."""
    program = pathlib.Path(os.environ["CAIRN_BIN"]) / "cairn"
    told = subprocess.run(["readelf", "--dynamic", program], check=True, capture_output=True, text=True).stdout
    names = [line.partition("[")[2].partition("]")[0] for line in told.splitlines() if "(NEEDED)" in line]
    assert names
    for name in names:
        (tmp_path / name).write_bytes(b"not a library")
    ran = subprocess.run([program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
