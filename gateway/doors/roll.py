"""Which doors there are: those of the site file that is in force, and those it has no longer that are still held open.

A door is a part of a controller, and its id what it is called: how its lock is run goes on under another id. One that
the site file has no longer is watched by nobody, so that a hold of it for some minutes is ended at once.
"""

from collections.abc import Iterable, Sequence

import msgspec

from gateway.doors import records
from gateway.doors.config import DoorConfig
from gateway.doors.entrance import Entrance
from gateway.doors.records import Kept
from gateway.doors.timeline import Timeline
from gateway.journal.rows import Desired


class Roll:
    """The doors by id, in the order of the site file. `rows` are those of the last run.

    `leaving`: those that the site file has no longer, until their holds are ended. `owed`: the rows of those that went
    last.
    """

    def __init__(self, time: Timeline, rows: Sequence[Desired]) -> None:
        self._time = time
        self._kept = records.restored(rows)
        self.entrances: dict[str, Entrance] = {}
        self.leaving = [self._left(id_, kept) for id_, kept in records.left(rows)]
        self.owed: list[Desired] = []

    def held(self) -> Iterable[Entrance]:
        """All doors that may be held open for a time."""
        return *self.entrances.values(), *self.leaving

    def take_over(self, configs: Sequence[DoorConfig]) -> list[str]:
        """Have these doors from now on; gives the ids that go, or are those of other doors by now. Of these the numbers
        are kept, so that no finding is ever named twice.
        """
        before, doors = {each.config.door: each for each in self.held()}, {config.door for config in configs}
        same = {(config.id, config.door) for config in configs}
        gone = {id_: each for id_, each in self.entrances.items() if (id_, each.config.door) not in same}
        self._kept |= {id_: self._number(each.rev) for id_, each in gone.items()}
        ended = {(each.config.id, each.config.door) for each in self.leaving}
        self._leave([each for door, each in before.items() if door not in doors], doors)
        kept = {each.door: each for each in self._kept.values() if each.door}
        self.entrances = {
            config.id: self._take(config, before.get(config.door), kept.get(config.door)) for config in configs
        }
        self._kept = {id_: self._number(each.rev) for id_, each in self._kept.items()}
        ended -= {(each.config.id, each.config.door) for each in self.leaving}
        self.owed = [records.row(id_, each) for id_, each in self._kept.items()]
        self.owed += [records.row(id_, self._number(0), left=door) for id_, door in ended]
        self.owed += [each.row() for each in self.leaving]
        return [*gone]

    def let_go(self) -> None:
        """Forget those whose holds are ended."""
        self.leaving = [each for each in self.leaving if each.wanted.until is not None]

    def _leave(self, gone: Iterable[Entrance], doors: set[str]) -> None:
        """Have these go, and those that went while we were down."""
        away = [self._left(id_, kept) for id_, kept in self._kept.items() if kept.door and kept.door not in doors]
        self.leaving = [*gone, *away]
        self.let_go()
        for each in self.leaving:
            each.left = True

    def _take(self, config: DoorConfig, same: Entrance | None, kept: Kept | None) -> Entrance:
        """The door of this id: the same part of the same controller, or one that was `kept` by the last run."""
        if same is not None and same.config.id == config.id and not same.left:
            same.config = config
            return same
        number = self._kept.pop(config.id, None)
        rev = 0 if number is None else number.rev
        if same is not None:
            same.renamed(config, rev)
            return same
        return Entrance(config, self._time, msgspec.structs.replace(kept or self._number(0), rev=rev))

    def _left(self, id_: str, kept: Kept) -> Entrance:
        entrance = Entrance(DoorConfig(id=id_, name=id_, door=kept.door), self._time, kept)
        entrance.left = True
        return entrance

    def _number(self, rev: int) -> Kept:
        return Kept(known_since=self._time.wall(self._time.now()), rev=rev)
