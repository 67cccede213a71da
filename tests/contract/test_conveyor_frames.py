"""Frames on the wire, written by hand from MODBUS Application Protocol 1.1b3 and Serial Line 1.02.

Functions 3 (§6.3), 16 (§6.12) and 23 (§6.17); on TCP behind the header of the Messaging Guide 1.0b,
on a serial line between address and CRC (check of Appendix B: 02 07 gives 41 12).
"""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.conveyor.modbus_link import ModbusLink
from drivers.conveyor.modbus_settings import ModbusSettings
from drivers.errors import DriverBusyError, DriverLostError, DriverProtocolError
from drivers.wire.conveyor_map import MapOptions, Span, Write
from drivers.wire.conveyor_registers import Command, SeqAck
from ports import free_port

BLOCK = Span(address=200, count=20)
# beat 513, running + busy, seq 8 executing, …, 2 s, exit lane 3, 12 exits, item 0x00010002
REGISTERS = [513, 9, 8, 1, 0, 2, 1, 2, 65535, 7, 7, 0, 2, 1, 20, 3, 12, 1, 2, 0]
BLOCK_HEX = (
    "0201 0009 0008 0001 0000 0002 0001 0002 ffff 0007"
    "0007 0000 0002 0001 0014 0003 000c 0001 0002 0000"
)
HOST_HEX = "0009 0001 0002 0001 86a0 0000 0000 012c"  # beat 9, divert, lane 2, item 100000, seq 300
READ = "03 00c8 0014"
READ_REPLY = f"03 28 {BLOCK_HEX}"
WRITE = f"10 0064 0008 10 {HOST_HEX}"
WRITE_REPLY = "10 0064 0008"
BOTH = f"17 00c8 0014 0064 0008 10 {HOST_HEX}"
BOTH_REPLY = f"17 28 {BLOCK_HEX}"


def hexed(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def divert() -> Write:
    return SeqAck(MapOptions()).encode(Command.DIVERT, host_hb=9, seq=300, lane=2, item=100_000)


class Far:
    """The other end: keeps what came, answers with the next bytes it was given."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        self.replies: list[bytes] = []
        self.over = asyncio.Event()

    async def tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(6):
            body = await reader.readexactly(int.from_bytes(head[4:6], "big"))
            self.came.append(body)
            reply = b"\x01" + self.replies.pop(0)
            writer.write(head[:4] + len(reply).to_bytes(2, "big") + reply)
        writer.close()
        self.over.set()


@asynccontextmanager
async def tcp(far: Far) -> AsyncIterator[ModbusLink]:
    port = free_port()
    server = await asyncio.start_server(far.tcp, "127.0.0.1", port)
    link = ModbusLink("c1", ModbusSettings(url=f"tcp://127.0.0.1:{port}"))
    async with server:
        await link.open(lambda: None)
        yield link
        link.close()
        await far.over.wait()
    await asyncio.sleep(0)


async def test_function_3_reads_the_block_on_tcp() -> None:
    far = Far()
    far.replies = [hexed(READ_REPLY)]
    async with tcp(far) as link:
        assert await link.read(BLOCK, inputs=False) == REGISTERS
    assert far.came == [hexed(f"01 {READ}")]


async def test_function_4_reads_the_same_block_as_input_registers() -> None:
    far = Far()
    far.replies = [hexed(f"04 28 {BLOCK_HEX}")]
    async with tcp(far) as link:
        assert await link.read(BLOCK, inputs=True) == REGISTERS
    assert far.came == [hexed("01 04 00c8 0014")]


async def test_function_16_writes_the_host_block_on_tcp() -> None:
    far = Far()
    far.replies = [hexed(WRITE_REPLY)]
    async with tcp(far) as link:
        await link.write(divert())
    assert far.came == [hexed(f"01 {WRITE}")]


async def test_function_23_writes_and_reads_in_one_request_on_tcp() -> None:
    far = Far()
    far.replies = [hexed(BOTH_REPLY)]
    async with tcp(far) as link:
        assert await link.exchange(divert(), BLOCK) == REGISTERS
    assert far.came == [hexed(f"01 {BOTH}")]


async def test_function_5_switches_a_coil() -> None:
    far = Far()
    far.replies = [hexed("05 0065 ff00")]
    async with tcp(far) as link:
        await link.write(Write(address=101, values=(1,), is_coil=True))
    assert far.came == [hexed("01 05 0065 ff00")]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ("90 01", DriverProtocolError),
        ("90 02", DriverProtocolError),
        ("90 03", DriverProtocolError),
        ("90 06", DriverBusyError),
        ("90 04", DriverLostError),  # it may have been obeyed before it failed
        ("90 05", DriverLostError),
        ("90 0a", DriverLostError),
        ("90 0b", DriverLostError),
    ],
)
async def test_an_exception_says_whether_the_write_may_have_been_obeyed(
    reply: str, error: type[Exception]
) -> None:
    far = Far()
    far.replies = [hexed(reply)]
    async with tcp(far) as link:
        with pytest.raises(error):
            await link.write(divert())


@pytest.mark.parametrize("reply", [READ_REPLY, "10 0065 0008", "10 00c8 0001"])
async def test_another_ones_reply_is_no_reply_and_ends_the_trust(reply: str) -> None:
    far = Far()
    far.replies = [hexed(reply)]
    async with tcp(far) as link:
        with pytest.raises(DriverLostError, match="another one's"):
            await link.write(divert())
        assert not link.is_open


async def test_a_block_of_another_length_is_no_answer() -> None:
    far = Far()
    far.replies = [hexed("03 04 0001 0002")]
    async with tcp(far) as link:
        with pytest.raises(DriverLostError, match="2 registers came"):
            await link.read(BLOCK, inputs=False)
        assert not link.is_open


@pytest.mark.parametrize(
    ("act", "request_hex", "reply_hex"),
    [
        ("read", f"01 {READ} c43b", f"01 {READ_REPLY} 282d"),
        ("write", f"01 {WRITE} 8443", f"01 {WRITE_REPLY} 8010"),
        ("both", f"01 {BOTH} 17ef", f"01 {BOTH_REPLY} 0c09"),
    ],
)
async def test_frames_on_a_serial_line_end_with_their_check(
    act: str, request_hex: str, reply_hex: str
) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    came = bytearray()
    wanted = hexed(request_hex)

    def answer() -> None:
        came.extend(os.read(master, 256))
        if len(came) == len(wanted):
            os.write(master, hexed(reply_hex))

    asyncio.get_running_loop().add_reader(master, answer)
    link = ModbusLink("c1", ModbusSettings(url=f"rtu://{os.ttyname(slave)}", parity="N"))
    await link.open(lambda: None)
    match act:
        case "read":
            assert await link.read(BLOCK, inputs=False) == REGISTERS
        case "write":
            await link.write(divert())
        case _:
            assert await link.exchange(divert(), BLOCK) == REGISTERS
    link.close()
    asyncio.get_running_loop().remove_reader(master)
    os.close(master)
    os.close(slave)
    assert bytes(came) == wanted
