"""What a controller keeps lists of: cards, time profiles, tasks and first cards; how they are changed and asked for."""

from drivers.access.uhppote.codec import cards, schedules
from drivers.access.uhppote.codec.packet import Message
from simulators.access.uhppote.state import Board

MOST_CARDS = 26_000


def _as(message: type[Message], of: Message) -> Message:
    return message(**{name: getattr(of, name) for name in message.fields})


def put_card(board: Board, given: cards.PutCard) -> bool:
    known = given.card in board.cards
    if given.card in (cards.NO_CARD, cards.DELETED_CARD) or (not known and len(board.cards) >= MOST_CARDS):
        return False
    if not known:
        _take_place(board, given.card)
    board.cards[given.card] = cards.Card(**{name: getattr(given, name) for name in cards.Card.fields})
    return True


def _take_place(board: Board, card: int) -> None:
    """The first place from which a card was deleted, else a new one."""
    if len(board.card_places) > len(board.cards):
        board.card_places[board.card_places.index(cards.DELETED_CARD)] = card
    else:
        board.card_places.append(card)


def get_card(board: Board, given: cards.GetCard) -> Message:
    return board.cards.get(given.card, cards.Card(card=cards.NO_CARD))


def get_card_at(board: Board, given: cards.GetCardAt) -> Message:
    found = board.card_places[given.place - 1] if 1 <= given.place <= len(board.card_places) else cards.NO_CARD
    return _as(cards.CardAt, board.cards[found]) if found in board.cards else cards.CardAt(card=found)


def count_cards(board: Board, _: cards.CountCards) -> Message:
    return cards.CardCount(count=len(board.cards))


def delete_card(board: Board, given: cards.DeleteCard) -> bool:
    if board.cards.pop(given.card, None) is None:
        return False
    board.card_places[board.card_places.index(given.card)] = cards.DELETED_CARD
    return True


def delete_cards(board: Board, _: cards.DeleteCards) -> bool:
    board.cards.clear()
    board.card_places.clear()
    return True


def get_profile(board: Board, given: schedules.GetProfile) -> Message:
    return board.profiles.get(given.profile, schedules.Profile(profile=0))


def set_profile(board: Board, given: schedules.SetProfile) -> bool:
    if given.profile not in schedules.PROFILES or given.linked == given.profile:
        return False
    board.profiles[given.profile] = schedules.Profile(
        **{name: getattr(given, name) for name in schedules.Profile.fields}
    )
    return True


def clear_profiles(board: Board, _: schedules.ClearProfiles) -> bool:
    board.profiles.clear()
    return True


def add_task(board: Board, given: schedules.AddTask) -> bool:
    if given.door not in board.doors or given.doing not in list(schedules.Doing):
        return False
    board.new_tasks.append(given)
    return True


def clear_tasks(board: Board, _: schedules.ClearTasks) -> bool:
    board.new_tasks.clear()
    board.tasks.clear()
    return True


def refresh_tasks(board: Board, _: schedules.RefreshTasks) -> bool:
    board.tasks = list(board.new_tasks)
    for number, rule in board.new_first.items():
        board.doors[number].first = rule
    return True


def set_first_card(board: Board, given: schedules.SetFirstCard) -> bool:
    if given.door not in board.doors or given.active > 2 or given.inactive > 3:
        return False
    board.new_first[given.door] = given
    return True
