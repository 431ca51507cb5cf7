"""Which doors there are: those of the site file that is in force."""

from collections.abc import Iterable, Sequence

from gateway.doors import records
from gateway.doors.config import DoorConfig
from gateway.doors.entrance import Entrance
from gateway.doors.timeline import Timeline
from gateway.journal.rows import Desired


class Roll:
    """The doors by id, in the order of the site file. `rows` are those of the last run."""

    def __init__(self, time: Timeline, rows: Iterable[Desired]) -> None:
        self._time = time
        self._kept = records.restored(rows)
        self.entrances: dict[str, Entrance] = {}

    def take_over(self, configs: Sequence[DoorConfig]) -> list[Entrance]:
        """Have these doors from now on; gives those that go. Of these only their numbers are kept, so that no finding
        is ever named twice.
        """
        before, self.entrances = self.entrances, {}
        stays = {
            config.id for config in configs if config.id in before and before[config.id].config.door == config.door
        }
        gone = [each for id_, each in before.items() if id_ not in stays]
        self._kept |= {each.config.id: self._number(each.rev) for each in gone}
        for config in configs:
            same = before[config.id] if config.id in stays else self._new(config)
            same.config = config
            self.entrances[config.id] = same
        self._kept = {id_: self._number(kept.rev) for id_, kept in self._kept.items()}
        return gone

    def left(self) -> list[Desired]:
        """The rows of the doors that are no more."""
        return [records.row(id_, kept) for id_, kept in self._kept.items()]

    def _new(self, config: DoorConfig) -> Entrance:
        return Entrance(config, self._time, self._kept.pop(config.id, None))

    def _number(self, rev: int) -> records.Kept:
        return records.Kept(known_since=self._time.wall(self._time.now()), rev=rev)
