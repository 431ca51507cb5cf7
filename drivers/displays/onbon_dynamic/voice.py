"""What a card of generation 6 can say."""

from drivers.displays.onbon_dynamic.codec.requests import LOUDEST, Voice
from drivers.shared.text import printable
from gateway.core.errors import CommandRejected
from gateway.core.screen import Speak

GB2312, GBK = 0, 1


def voice(speak: Speak) -> Voice:
    """A text in GB2312 where that has all of it, else in GBK; characters that neither has are left out.

    Raises CommandRejected where nothing is left.
    """
    text = printable(speak.text, len(speak.text)).encode("gbk", "ignore").decode("gbk")
    if not text.strip():
        raise CommandRejected("the card's voice knows no character of this text")
    simple = text.encode("gb2312", "ignore").decode("gb2312") == text
    data = text.encode("gb2312" if simple else "gbk")
    return Voice(data, GB2312 if simple else GBK, speak.repeat, round(speak.volume * LOUDEST / 100))
