"""The protocol of progress: stages are entered and left in order, steps and results passed on."""

from contextlib import contextmanager

from siteplan.core.progress import SILENT, Stopwatch, counted


class Listener:
    """Keeps what it is told."""

    def __init__(self):
        self.told = []

    @contextmanager
    def stage(self, name):
        self.told.append(("enter", name))
        yield
        self.told.append(("leave", name))

    def step(self, done, total):
        self.told.append((done, total))

    def note(self, key, /, **values):
        self.told.append((key, values))

    def result(self, key, /, **values):
        self.told.append((key, values))


def test_a_stopwatch_passes_everything_on_and_keeps_every_stage():
    listener = Listener()
    watch = Stopwatch(listener)
    with watch.stage("load"):
        watch.step(1, 2)
        watch.note("reading_file", file="a.csv")
    watch.result("done", count=3)
    between = [(1, 2), ("reading_file", {"file": "a.csv"})]
    assert listener.told == [("enter", "load"), *between, ("leave", "load"), ("done", {"count": 3})]
    assert set(watch.cpu_seconds) == {"load"}
    assert set(watch.total()) == {"load", "total"}
    assert watch.total()["total"] >= watch.seconds["load"] >= 0.0


def test_a_stage_entered_twice_adds_up():
    watch = Stopwatch()
    for _ in range(2):
        with watch.stage("load"):
            pass
    assert list(watch.seconds) == ["load"]


def test_steps_are_told_every_so_many_items_and_at_the_end():
    listener = Listener()
    assert list(counted(range(5), 5, listener, every=2)) == [0, 1, 2, 3, 4]
    assert listener.told == [(2, 5), (4, 5), (5, 5)]
    assert list(counted("ab", 2, SILENT)) == ["a", "b"]
