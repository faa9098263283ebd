"""Every feature row against its definition, in both precision modes; docs/accuracy.md says what is measured here."""

import accuracy
import pytest
import reference
from conftest import ROOT, run

DOCUMENT = ROOT / "docs" / "accuracy.md"
STALE = "docs/accuracy.md is out of date: run tests/cli/accuracy.py --write docs/accuracy.md"


def rows_of_the_program():
    """Ids in the feature list of the program's help, in its order."""
    lines = iter(run("--help").stdout.splitlines())
    ids = []
    for line in lines:
        if line.startswith("Features"):
            for entry in lines:
                if not entry.startswith("  "):
                    break
                if entry[2] != " ":  # not a continued description
                    ids.append(entry.split()[0])
    return ids


@pytest.fixture(scope="module")
def found():
    return accuracy.measure()


def test_every_row_has_a_definition_and_parameters():
    assert rows_of_the_program() == list(reference.ROWS)
    assert list(accuracy.PARAMETERS) == list(reference.ROWS)


@pytest.mark.parametrize("row", reference.ROWS)
def test_row(found, row):
    ours = [d for d in found if d.row == row]
    for mode in accuracy.MODES:
        kinds = {d.kind for d in ours if d.mode == mode}
        assert kinds == ({accuracy.KINDS[1]} if row in reference.RGB_ROWS else set(accuracy.KINDS))
        assert any(not d.flat for d in ours if d.mode == mode)
    assert not accuracy.too_far(ours)


def close(figure, written):
    """The same up to a factor of 2, or both no more than rounding."""
    if figure is None or written is None:
        return figure is written
    return figure <= 2 * written + 1e-7 and written <= 2 * figure + 1e-7


def test_document(found):
    text = DOCUMENT.read_text(encoding="utf-8")
    written = accuracy.documented(text)
    assert list(written) == list(reference.ROWS), STALE
    stale = {row: (list(accuracy.worst(found, row).values()), figures) for row, figures in written.items()
             if not all(map(close, accuracy.worst(found, row).values(), figures))}
    assert not stale, STALE


def test_limits_are_applied():
    """A deviation beyond each limit is reported, one within it is not."""
    def one(mode, maximum, rms, flat=False):
        return accuracy.Deviation("mean", 1, 0, "nuclei", accuracy.KINDS[1], mode, maximum, rms, flat)
    beyond = [one("exact", 1.1e-5, 1e-6), one("default", 1e-2, 5.1e-3), one("default", 1.1e-5, 1e-6, flat=True),
              one("exact", float("inf"), float("inf"))]
    within = [one("exact", 9e-6, 1e-6), one("default", 1e-1, 4.9e-3), one("default", 9e-6, 1e-6, flat=True)]
    assert accuracy.too_far(beyond + within) == beyond
