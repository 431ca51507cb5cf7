"""Names of visitors, made unrecognisable before any screen, log or message sees them."""

MOST_STARS = 2  # the number of stars must not give away the length of a rare name
LAST_SHOWN = 3  # characters of a card number, so that people can tell two cards from each other


def mask_name(name: str) -> str:
    """The first character, then one or two stars: 张三 → 张*, 欧阳娜娜 → 欧**.

    A name with a middle dot keeps the first character of its first segment only: 买买提·吐尔逊 → 买**.
    """
    first = name.strip().split("·")[0]
    return first[:1] + "*" * min(MOST_STARS, max(1, len(first) - 1)) if first else ""


def mask_known_as(known_as: str) -> str:
    """What a device knows somebody by, but for its last three characters: card:9896534 → card:···534.

    What has fewer than six is hidden whole.
    """
    kind, _, value = known_as.rpartition(":")
    return f"{kind}:···{value[-LAST_SHOWN:] if len(value) >= 2 * LAST_SHOWN else ''}"
