"""What a controller answers to each function. It ignores what is not for it, and refuses what it cannot do."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from drivers.access.uhppote.codec import box, cards, doors, log, schedules
from drivers.access.uhppote.codec.packet import HEAD, Message, Noise, Packet
from simulators.access.uhppote import lists, settings
from simulators.access.uhppote.state import Board


class Function(NamedTuple):
    """A function: its question, its answer, and what it does; None of which is ignored, False refused."""

    question: type[Message]
    answer: type[Message] | None
    do: Callable[[Board, Any], Message | bool | None]


UNASKED = (box.RecordSpecialEvents, box.SetListener)
"""Orders that a gateway gives by itself: the lever is for those of people."""


def answer(board: Board, found: Packet | Noise, refuse: Callable[[], bool]) -> bytes | None:
    """The answer of a controller to a packet; None where it says nothing. `refuse` says whether an order is refused."""
    if isinstance(found, Noise) or found.data[0] != HEAD or found.function not in FUNCTIONS:
        return None
    function = FUNCTIONS[found.function]
    anybody = found.serial == 0 and function.question is box.GetController
    if found.serial != board.serial and not anybody:
        return None
    question = function.question.read(found)
    done_type = function.answer if function.answer is not None and issubclass(function.answer, box.Done) else None
    if question is None or (done_type and function.question not in UNASKED and refuse()):
        done: Message | bool | None = False
    else:
        done = function.do(board, question)
    if isinstance(done, bool):
        done = done_type(ok=done) if done_type else None
    return done.wire(board.serial) if done is not None else None


FUNCTIONS: Mapping[int, Function] = {
    function.question.function: function
    for function in (
        Function(box.GetController, box.Controller, settings.controller),
        Function(box.SetAddress, None, settings.set_address),
        Function(box.GetTime, box.Time, settings.get_time),
        Function(box.SetTime, box.TimeSet, settings.set_time),
        Function(box.GetListener, box.Listener, settings.get_listener),
        Function(box.SetListener, box.ListenerSet, settings.set_listener),
        Function(box.RecordSpecialEvents, box.SpecialEventsRecorded, settings.record_special_events),
        Function(box.SetPcControl, box.PcControlSet, settings.set_pc_control),
        Function(box.SetKeypads, box.KeypadsSet, settings.set_keypads),
        Function(box.RestoreDefaults, box.DefaultsRestored, settings.restore_defaults),
        Function(log.GetStatus, log.Status, settings.get_status),
        Function(log.GetEvent, log.EventRecord, settings.get_event),
        Function(log.GetEventIndex, log.EventIndex, settings.get_event_index),
        Function(log.SetEventIndex, log.EventIndexSet, settings.set_event_index),
        Function(doors.OpenDoor, doors.DoorOpened, settings.open_door),
        Function(doors.GetDoor, doors.Door, settings.get_door),
        Function(doors.SetDoor, doors.SetDoor, settings.set_door),
        Function(doors.SetPasscodes, doors.PasscodesSet, settings.set_passcodes),
        Function(doors.GetAntiPassback, doors.AntiPassbackMode, settings.get_anti_passback),
        Function(doors.SetAntiPassback, doors.AntiPassbackSet, settings.set_anti_passback),
        Function(doors.SetInterlock, doors.InterlockSet, settings.set_interlock),
        Function(cards.PutCard, cards.CardPut, lists.put_card),
        Function(cards.GetCard, cards.Card, lists.get_card),
        Function(cards.GetCardAt, cards.CardAt, lists.get_card_at),
        Function(cards.DeleteCard, cards.CardDeleted, lists.delete_card),
        Function(cards.DeleteCards, cards.CardsDeleted, lists.delete_cards),
        Function(cards.CountCards, cards.CardCount, lists.count_cards),
        Function(schedules.GetProfile, schedules.Profile, lists.get_profile),
        Function(schedules.SetProfile, schedules.ProfileSet, lists.set_profile),
        Function(schedules.ClearProfiles, schedules.ProfilesCleared, lists.clear_profiles),
        Function(schedules.AddTask, schedules.TaskAdded, lists.add_task),
        Function(schedules.ClearTasks, schedules.TasksCleared, lists.clear_tasks),
        Function(schedules.RefreshTasks, schedules.TasksRefreshed, lists.refresh_tasks),
        Function(schedules.SetFirstCard, schedules.FirstCardSet, lists.set_first_card),
    )
}
