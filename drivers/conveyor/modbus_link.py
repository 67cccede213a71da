"""One Modbus TCP connection that never repeats a request and never comes back by itself.

The library's own retries and reconnects are off: a repeated write could divert twice, and a
reconnect could reach a PLC that has started anew. After any error the link stays closed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.errors import DriverLostError, DriverProtocolError

REPLY_S: Final = 0.5
Answer = TypeVar("Answer")
_EXCEPTIONS: Final = {
    1: "function not allowed",
    2: "address not allowed",
    3: "value not allowed",
    4: "device failure",
    6: "device busy",
}


class ModbusLink:
    """A connection to one device of a server; one request at a time."""

    def __init__(self, who: str, address: tuple[str, int], device_id: int) -> None:
        self._who = who
        self._address = address
        self._device_id = device_id
        self._client: AsyncModbusTcpClient | None = None
        self._lost: Callable[[], None] | None = None
        self._turn = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Return whether a request could leave now."""
        return self._client is not None and self._client.connected

    async def open(self, lost: Callable[[], None]) -> None:
        """Connect; `lost` is called once, as soon as the connection is gone, by whoever ended it.

        Raises DriverLostError; nothing is left open then.
        """
        client = AsyncModbusTcpClient(
            self._address[0],
            port=self._address[1],
            timeout=REPLY_S,
            retries=0,
            reconnect_delay=0,
            name=self._who,
            trace_connect=lambda is_up: None if is_up else self.close(),
        )
        is_connected = False
        try:
            is_connected = await _uncut(client.connect())
        finally:
            if not is_connected:
                client.close()
        if not is_connected:
            raise DriverLostError(self._who, "connect", "no answer")
        self._client, self._lost = client, lost

    def close(self) -> None:
        """Drop the connection; harmless twice."""
        client, self._client = self._client, None
        lost, self._lost = self._lost, None
        if client is not None:
            client.close()
        if lost is not None:
            lost()

    async def read(self, address: int, count: int, *, inputs: bool) -> list[int]:
        """Return registers in one request. Raises DriverLostError, DriverProtocolError."""

        def ask(client: AsyncModbusTcpClient) -> Awaitable[ModbusPDU]:
            read = client.read_input_registers if inputs else client.read_holding_registers
            return read(address, count=count, device_id=self._device_id)

        reply = await self._request(f"read {count} registers at {address}", ask)
        if len(reply.registers) != count:
            self.close()
            raise DriverProtocolError(self._who, "read", f"{len(reply.registers)} registers came")
        return list(reply.registers)

    async def write(self, address: int, values: list[int]) -> None:
        """Write registers in one request, once.

        Raises DriverLostError when no reply came: the device may have obeyed.
        """
        await self._request(
            f"write {len(values)} registers at {address}",
            lambda client: client.write_registers(address, values, device_id=self._device_id),
        )

    async def _request(
        self, tried: str, ask: Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]]
    ) -> ModbusPDU:
        async with self._turn:
            client = self._client
            if client is None or not client.connected:
                raise DriverLostError(self._who, tried, "not connected")
            is_answered = False
            try:
                reply = await _uncut(ask(client))
                is_answered = True
            except ModbusException as error:
                raise DriverLostError(self._who, tried, "no reply") from error
            finally:
                # A reply that comes late must never be taken for the answer to the next request.
                if not is_answered:
                    self.close()
        if reply.isError():
            code = reply.exception_code
            raise DriverProtocolError(self._who, tried, _EXCEPTIONS.get(code, f"exception {code}"))
        return reply


async def _uncut(waiting: Awaitable[Answer]) -> Answer:
    """Await the library without losing a cancellation.

    It uses asyncio.wait_for, which up to Python 3.11 drops a cancellation that meets the answer.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    answer = await waiting
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return answer
