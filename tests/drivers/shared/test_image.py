import struct
import zlib

import pytest

from drivers.shared.font import HEIGHT, drawable, glyph, sized
from drivers.shared.image import SCALE, Bits, Panel

# as in unifont.hex 15.0.01; □ is 8 pixels wide there, and stands in the middle of 16
LETTER_A = "0000000018242442427e424242420000"
NUMBER = "00001ff01010101010101ff00000fffe080010001ff000100010001000a00040"
SQUARE = "00000000000000000000000007f00410041004100410041007f0000000000000"


def hexadecimal(character: str) -> str:
    width, rows = glyph(character)
    return "".join(f"{row:0{width // 4}x}" for row in rows)


def test_every_character_of_gbk_has_a_glyph() -> None:
    codes = [bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF)]
    characters = {code.decode("gbk", "replace") for code in codes} | {chr(code) for code in range(0x21, 0x7F)}
    printable = [c for c in characters if len(c) == 1 and c not in "\ufffd\u3000\x7f" and ord(c) >= 0x21]
    assert len(printable) > 21_800
    assert [character for character in printable if not any(glyph(character).rows)] == []


def test_glyphs_are_those_of_unifont() -> None:
    assert [hexadecimal(character) for character in "A号□"] == [LETTER_A, NUMBER, SQUARE]


def test_what_only_gb18030_has_is_drawn_and_what_the_font_lacks_is_a_square() -> None:
    assert drawable("䶮A") == ("䶮A", 0)
    assert drawable("号😀\ue000") == ("号□□", 2)
    assert glyph("😀") == glyph("□")


@pytest.mark.parametrize("height", [16, 32, 48])
def test_letters_of_other_sizes_are_those_that_grow_by_whole_pixels_where_they_can(height: int) -> None:
    for character in "A号□":
        assert sized(character, height) == glyph(character, height // HEIGHT)


def test_letters_of_24_pixels_have_each_second_pixel_twice() -> None:
    width, rows = sized("口", 24)
    small = [f"{row:016b}" for row in glyph("口").rows]
    wide = ["".join(row[column * 2 // 3] for column in range(24)) for row in small]
    assert (width, len(rows)) == (24, 24)
    assert [f"{row:024b}" for row in rows] == [wide[line * 2 // 3] for line in range(24)]


def test_a_glyph_grows_by_whole_pixels() -> None:
    width, rows = glyph("号", 2)
    small = glyph("号").rows
    assert (width, len(rows)) == (32, 2 * HEIGHT)
    assert [f"{row:032b}"[::2] for row in rows[::2]] == [f"{row:016b}" for row in small]


def test_png_is_the_panel_in_colour_and_scaled() -> None:
    panel = Panel(16, 16)
    panel.write([("|", "red"), ("|", "green")], wrap=False)
    data = panel.png()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (16 * SCALE, 16 * SCALE)
    raw = zlib.decompress(data[data.index(b"IDAT") + 4 : -16])
    lines = [raw[start + 1 : start + 1 + 3 * 16 * SCALE] for start in range(0, len(raw), 1 + 3 * 16 * SCALE)]
    assert len(lines) == 16 * SCALE
    assert [line[:: SCALE * 3] for line in lines[::SCALE]] == [bytes(row[::3]) for row in panel.rows]
    assert {line[at : at + 3] for line in lines for at in range(0, len(line), 3)} == {
        b"\0\0\0",
        b"\xff\0\0",
        b"\0\xff\0",
    }


def test_text_wraps_or_is_clipped_at_the_edge_of_the_panel() -> None:
    wrapped, clipped, one_row = Panel(24, 32), Panel(24, 32), Panel(24, 16)
    wrapped.write([("口", "red"), ("口", "red")], wrap=True)
    clipped.write([("口", "red"), ("口", "red")], wrap=False)
    one_row.write([("口", "red")], wrap=True)
    assert wrapped.rows[:16] == one_row.rows == wrapped.rows[16:]
    assert clipped.rows[:16] != one_row.rows
    assert not any(map(any, clipped.rows[16:]))


@pytest.mark.parametrize(
    ("width", "height", "scale"), [(64, 16, 4), (960, 320, 3), (1920, 1080, 1), (8192, 512, 1), (1024, 1024, 2)]
)
def test_the_picture_of_a_large_panel_has_smaller_leds(width: int, height: int, scale: int) -> None:
    panel = Panel(width, height)
    data = panel.png()
    assert struct.unpack(">II", data[16:24]) == panel.size == (scale * width, scale * height)
    unpacking = zlib.decompressobj()
    assert len(unpacking.decompress(data[data.index(b"IDAT") + 4 : -16])) == scale * height * (1 + 3 * scale * width)


def test_what_is_painted_leaves_the_rest_and_is_clipped() -> None:
    panel, dot = Panel(4, 2), Bits(3, 1)
    for x, rows, colour in ((0, [0b101], "red"), (1, [0b010], "green"), (2, [0b111], "yellow"), (4, [0b1], "red")):
        dot.rows = rows
        panel.paint(x, 0, dot, colour)
    red, green, yellow, dark = b"\xff\0\0", b"\0\xff\0", b"\xff\xff\0", b"\0\0\0"
    assert panel.rows == [red + dark + yellow + yellow, dark * 4]
    panel.paint(1, 1, dot, "green")
    assert panel.rows[1] == dark * 3 + green
