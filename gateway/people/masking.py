"""Names of visitors, made unrecognisable before any screen, log or message sees them."""

MOST_STARS = 2  # the number of stars must not give away the length of a rare name


def mask_name(name: str) -> str:
    """The first character, then one or two stars: 张三 → 张*, 欧阳娜娜 → 欧**.

    A name with a middle dot keeps the first character of its first segment only: 买买提·吐尔逊 → 买**.
    """
    first = name.strip().split("·")[0]
    return first[:1] + "*" * min(MOST_STARS, max(1, len(first) - 1)) if first else ""
