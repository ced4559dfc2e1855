"""cairn with an odd CA and what it has had from it, brought back before each test or death that wants it so:
much sooner than had again."""

import shutil


class Standing:
    def __init__(self, cairn, *files):
        """Keeps what the CA of `cairn` and its state are now. `files` that a run makes, and that do not
        stand now, are removed each time."""
        self.cairn, self.ca, self._files = cairn, cairn.authority, files
        self._records = self.ca.records()
        self._settings = self._of_client()
        self._state = cairn.state.with_name(cairn.state.name + ".kept")
        if cairn.state.exists():
            shutil.copytree(cairn.state, self._state, symlinks=True)

    def _of_client(self):
        return dict(self.cairn.environment), dict(self.cairn.solvers)

    def begin_again(self):
        self.ca.restore(self._records)
        self.cairn.environment, self.cairn.solvers = map(dict, self._settings)
        for file in self._files:
            file.unlink(missing_ok=True)
        shutil.rmtree(self.cairn.state, ignore_errors=True)
        if self._state.exists():
            shutil.copytree(self._state, self.cairn.state, symlinks=True)
