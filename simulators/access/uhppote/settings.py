"""What is set on a controller and its doors, and what it is asked about them."""

from datetime import date

from drivers.access.uhppote.codec import box, doors, log
from drivers.access.uhppote.codec.packet import Message
from simulators.access.uhppote import happening
from simulators.access.uhppote.state import Board

VERSION, RELEASED = 0x9208, date(2018, 8, 16)


def controller(board: Board, _: box.GetController) -> Message:
    mac = f"00:66:19:{board.serial >> 16 & 255:02x}:{board.serial >> 8 & 255:02x}:{board.serial & 255:02x}"
    ip = {"address": board.address, "netmask": board.netmask, "gateway": board.gateway}
    return box.Controller(mac=mac, version=VERSION, released=RELEASED, **ip)


def set_address(board: Board, given: box.SetAddress) -> None:
    board.address, board.netmask, board.gateway = given.address, given.netmask, given.gateway


def set_time(board: Board, given: box.SetTime) -> Message | None:
    if given.at is None:
        return None
    board.set_time(given.at)
    return box.TimeSet(at=board.time)


def get_time(board: Board, _: box.GetTime) -> Message:
    return box.Time(at=board.time)


def get_listener(board: Board, _: box.GetListener) -> Message:
    return board.listener


def get_status(board: Board, _: log.GetStatus) -> Message:
    return board.status()


def get_event(board: Board, given: log.GetEvent) -> Message:
    return board.ring.get(given.index)


def get_event_index(board: Board, _: log.GetEventIndex) -> Message:
    return log.EventIndex(index=board.event_index)


def set_listener(board: Board, given: box.SetListener) -> bool:
    board.listener = box.Listener(address=given.address, port=given.port, interval=given.interval)
    return True


def record_special_events(board: Board, given: box.RecordSpecialEvents) -> bool:
    if given.on and not board.can_log_doors:
        return False
    board.special_events = given.on
    return True


def set_pc_control(board: Board, given: box.SetPcControl) -> bool:
    board.pc_control_at = board.now() if given.on else None
    return True


def set_keypads(board: Board, given: box.SetKeypads) -> bool:
    for number, door in board.doors.items():
        door.keypad = given.readers[number - 1]
    return True


def restore_defaults(board: Board, _: box.RestoreDefaults) -> bool:
    board.forget()
    return True


def _door(board: Board, number: int, answer_type: type[doors.Door]) -> Message | None:
    door = board.doors.get(number)
    return answer_type(door=number, mode=door.mode, delay=door.delay) if door else None


def get_door(board: Board, given: doors.GetDoor) -> Message | None:
    return _door(board, given.door, doors.Door)


def set_door(board: Board, given: doors.SetDoor) -> Message | None:
    door = board.doors.get(given.door)
    if door is not None and given.mode in list(doors.Control):
        door.mode, door.delay = given.mode, given.delay
    return _door(board, given.door, doors.SetDoor)


def open_door(board: Board, given: doors.OpenDoor) -> bool:
    return happening.open_remotely(board, given.door)


def set_passcodes(board: Board, given: doors.SetPasscodes) -> bool:
    if given.door not in board.doors:
        return False
    board.doors[given.door].codes = tuple(code if code <= doors.HIGHEST_CODE else 0 for code in given.codes)
    return True


def get_anti_passback(board: Board, _: doors.GetAntiPassback) -> Message:
    return doors.AntiPassbackMode(mode=board.anti_passback)


def set_anti_passback(board: Board, given: doors.SetAntiPassback) -> bool:
    if given.mode in list(doors.AntiPassback):
        board.anti_passback = given.mode
        board.inside.clear()
        return True
    return False


def set_interlock(board: Board, given: doors.SetInterlock) -> bool:
    if given.mode in list(doors.Interlock):
        board.interlock = given.mode
        return True
    return False


def set_event_index(board: Board, given: log.SetEventIndex) -> bool:
    changed = board.event_index != given.index
    board.event_index = given.index
    return changed
