"""Do a thing once for each id, however often and by whatever way it is asked for."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from gateway.core.errors import GatewayError

AskedT = TypeVar("AskedT")
AnswerT = TypeVar("AnswerT")


class Once(Generic[AskedT, AnswerT]):
    """Remembers the newest `most` ids: what was asked, and the answer."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[str, tuple[AskedT, asyncio.Future[AnswerT]]] = OrderedDict()

    def asked(self, id_: str) -> AskedT | None:
        """What an id stands for, None when it is free or forgotten."""
        return self._known[id_][0] if id_ in self._known else None

    async def do(
        self, id_: str, asked: AskedT, work: Callable[[], Awaitable[AnswerT]], given_up: GatewayError
    ) -> AnswerT:
        """The answer of the one time that `work` was done for this id; who asks meanwhile waits for it.

        A failure is everybody's, and frees the id. Who waited for one that was cancelled gets `given_up`.
        """
        if id_ in self._known:
            return await asyncio.shield(self._known[id_][1])
        answer: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._known[id_] = asked, answer
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        failure = given_up
        try:
            answer.set_result(await work())
            return answer.result()
        except GatewayError as error:
            failure = error
            raise
        finally:
            if not answer.done():
                self._known.pop(id_, None)
                answer.set_exception(failure)
                answer.exception()  # looked at: nobody else may be waiting for it
