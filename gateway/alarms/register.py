"""All alarms of the hall: which there are, what each looks at, and what is out. Does no I/O."""

from collections.abc import Iterable, Iterator

from gateway.alarms.causes import root_of
from gateway.alarms.condition import Condition, Text, Words
from gateway.alarms.lifecycle import Alarm, State
from gateway.alarms.watch import Watch
from gateway.alarms.watched import Watched
from gateway.core.contract import Clock
from gateway.hub import Change, Hub

UNKNOWN = Words(Text("", ""), Text("", ""))


class Register:
    """Conditions under watch, by the id of their alarm and by what they look at."""

    def __init__(self, hub: Hub, clock: Clock) -> None:
        self._hub, self._clock = hub, clock
        self._all: dict[str, Watched] = {}
        self._kept: dict[str, Alarm] = {}
        self._by_change: dict[Change, dict[str, Watched]] = {}
        self._changes: dict[str, tuple[Change, ...]] = {}
        self._down: dict[str, str] = {}
        self._followers: dict[str, set[str]] = {}

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._all.values())

    def get(self, id_: str) -> Watched | None:
        """The alarm of this id."""
        return self._all.get(id_)

    def keep(self, alarms: dict[str, Alarm]) -> None:
        """Take up alarms of the last run: each waits for its condition."""
        self._kept |= alarms

    def add(self, watch: Watch) -> Watched:
        """Watch a condition. One of the same id is replaced, and its alarm taken over."""
        condition = watch.condition
        before = self._all.get(condition.id)
        alarm = before.alarm if before else self._kept.pop(condition.id, Alarm())
        self._unlink(condition.id)
        watched = Watched(condition, watch.look, alarm, now=self._clock.monotonic(), at=self._clock.now())
        self._all[condition.id], self._changes[condition.id] = watched, watch.changes
        for change in watch.changes:
            self._by_change.setdefault(change, {})[condition.id] = watched
        self.follow(watched, None)
        return watched

    def drop(self, id_: str) -> None:
        """Watch it no longer; the number of one that took a step is kept, in case it comes back."""
        watched = self._all.pop(id_)
        self._unlink(id_)
        if watched.alarm.rev:
            self._kept[id_] = watched.alarm
        if self._down.get(watched.condition.subject) == id_:
            del self._down[watched.condition.subject]

    def standing(self, id_: str) -> Alarm:
        """How an alarm stands, one that is watched no longer too."""
        return self._all[id_].alarm if id_ in self._all else self._kept.get(id_, Alarm())

    def orphans(self) -> list[Condition]:
        """What is left of the conditions of the last run that nobody watches: those whose alarm is not normal."""
        left = [id_ for id_, alarm in self._kept.items() if alarm.state is not State.NORMAL]
        return [Condition(name=id_, subject=id_, words=UNKNOWN) for id_ in left]

    def looking_at(self, change: Change) -> Iterable[Watched]:
        """The conditions that look at a thing of the hub."""
        return self._by_change.get(change, {}).values()

    def note_outage(self, watched: Watched) -> bool:
        """Note whether the subject of an outage is out; says whether that is news."""
        subject, id_ = watched.condition.subject, watched.condition.id
        if watched.out is (self._down.get(subject) == id_):
            return False
        if watched.out:
            self._down[subject] = id_
        else:
            del self._down[subject]
        return True

    def root(self, watched: Watched) -> str | None:
        """The alarm that is the cause of this one now, where it is one that follows."""
        if not watched.condition.follows:
            return None
        itself = self._down.get(watched.condition.subject) != watched.condition.id
        return root_of(self._hub.edges, watched.condition.subject, self._down, itself=itself)

    def follow(self, watched: Watched, before: str | None) -> set[str]:
        """Note the root of an alarm that had another one before; gives the roots whose followers have changed."""
        root = watched.alarm.root
        if before is not None and before != root and before in self._followers:
            self._followers[before].discard(watched.condition.id)
            if not self._followers[before]:
                del self._followers[before]
        if root is not None:
            self._followers.setdefault(root, set()).add(watched.condition.id)
        return {each for each in (before, root) if each is not None and before != root}

    def followers(self, id_: str) -> set[str]:
        """The alarms that this one is the cause of."""
        return self._followers.get(id_, set())

    def _unlink(self, id_: str) -> None:
        for change in self._changes.pop(id_, ()):
            self._by_change[change].pop(id_, None)
            if not self._by_change[change]:
                del self._by_change[change]
