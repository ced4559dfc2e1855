"""Prometheus's text format, read strictly enough to find mistakes in it."""

import re

import requests

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"')
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")


class Scrape:
    """Samples by name and labels; a sample that is not there counts as 0."""

    def __init__(self, text):
        self.samples, self.types = {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} comes twice"
                self.types[name] = kind
            elif not line.startswith("#"):
                name, labels, value = _SAMPLE.fullmatch(line).groups()
                key = (name, frozenset(_LABEL.findall(labels or "")))
                assert key not in self.samples, f"{line} comes twice"
                self.samples[key] = float(value)
        self.names = {name for name, _ in self.samples}

    def __call__(self, name, /, **labels):
        return self.samples.get((name, frozenset(labels.items())), 0)

    def total(self, name):
        """The sum over all labels."""
        return sum(value for (known, _), value in self.samples.items() if known == name)


def scrape(ca):
    """The samples of a CA's /metrics."""
    response = requests.get(f"http://127.0.0.1:{ca.admin_port}/metrics", timeout=10)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Scrape(response.text)
