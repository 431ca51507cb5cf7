"""What a caller pad is: it says a press until it is answered, and tells whether it was."""

from collections import Counter

from drivers.displays.caller_pad import codec

TRIES = 3
"""How often a pad says one thing. Not known of real ones."""


class PadState:
    """One pad. `waiting` is what it has said and was not answered yet."""

    def __init__(self, address: int) -> None:
        self.address = address
        self.counts = Counter(said=0, answered=0, given_up=0)
        self.forget()

    def forget(self) -> None:
        """As after power-up."""
        self.waiting: codec.Frame | None = None
        self._tries = 0

    def say(self, frame: codec.Frame) -> bytes:
        """Begin to say something; gives the bytes. What was not answered yet is given up."""
        if self.waiting is not None:
            self.counts["given_up"] += 1
        self.waiting, self._tries = frame, 1
        self.counts["said"] += 1
        return frame.wire()

    def again(self, frame: codec.Frame) -> bytes:
        """Say it once more, if it is still waiting; nothing after TRIES of them."""
        if self.waiting is not frame:
            return b""
        if self._tries == TRIES:
            self.counts["given_up"] += 1
            self.forget()
            return b""
        self._tries += 1
        return frame.wire()

    def hear(self, frame: codec.Frame) -> bool:
        """Whether this is the answer that it waits for, to the byte."""
        if self.waiting is None or frame != codec.ack(self.waiting):
            return False
        self.counts["answered"] += 1
        self.forget()
        return True
