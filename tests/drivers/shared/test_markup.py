from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.shared.markup import DEEPEST, MOST_ELEMENTS, NOT_XML, Element, document, parse
from drivers.shared.text import printable

MOST = 1_000_000
BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,9}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30).map(lambda text: printable(text, 30).translate(NOT_XML))
ELEMENTS = st.recursive(
    st.builds(Element, NAMES, st.dictionaries(NAMES, TEXTS, max_size=3), st.just([]), TEXTS),
    lambda inner: st.builds(Element, NAMES, st.dictionaries(NAMES, TEXTS, max_size=2), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def test_reads_what_a_card_says_in_its_own_layout() -> None:
    head = '<?xml version="1.0" encoding="utf-8"?>\n<sdk guid="a&amp;b">\n  <!-- -->\n'
    root = parse(f'{head}  <out method="M"><t>号&lt;<b/>3</t></out>\n</sdk>\n'.encode(), MOST)
    assert (root.name, root.attributes) == ("sdk", {"guid": "a&b"})
    (text,) = root.find("out", "t")
    assert (text.text, [child.name for child in text.children]) == ("号<3", ["b"])
    assert root.attribute("out", "method") == "M"
    assert root.attribute("out/t", "method") is None
    assert root.attribute("in", "method") is None


def test_writes_without_a_byte_too_many() -> None:
    root = Element("sdk", {"guid": "\"<&>'"}, [Element("in", text="a<b&c")])
    assert document(root) == (
        b'<?xml version="1.0" encoding="utf-8"?><sdk guid="&quot;&lt;&amp;&gt;&#x27;"><in>a&lt;b&amp;c</in></sdk>'
    )


@given(ELEMENTS)
def test_what_was_written_is_read_again(root: Element) -> None:
    assert parse(document(root), MOST) == root


@given(st.binary(max_size=200) | st.text(st.sampled_from('<>/&;!?"=a[] \n'), max_size=60).map(str.encode))
def test_garbage_is_a_value_error_or_an_element(data: bytes) -> None:
    with suppress(ValueError):
        assert parse(data, MOST).name


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (f"<!DOCTYPE x [<!ENTITY a0 'ha'>{BOMB}]><x>&a9;</x>", "with a document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "with a document type"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]><x/>', "with a document type"),
        ("<x>&nbsp;</x>", "undefined entity"),
        ("<x>" * (DEEPEST + 1) + "</x>" * (DEEPEST + 1), "deeper than 16"),
        ("<x>" * (MOST // 3), "deeper than 16"),
        ("<x>" + "<y/>" * MOST_ELEMENTS + "</x>", "more than 10000 elements"),
        (f'<x a="{"a" * MOST}"/>', "bytes of XML, 1000000 are allowed"),
        ('<x a="1" a="2"/>', "duplicate attribute"),
        ("<x>&#0;</x>", "invalid character"),
        ("<x>&#xFFFF;</x>", "invalid character"),
        ("<x>\ufffe</x>", "not well-formed"),
        ("<x/><x/>", "junk after document element"),
        ("<x>", "no element found"),
        ("", "no element found"),
    ],
)
def test_what_could_hurt_or_is_broken_is_refused(xml: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(xml.encode(), MOST)


def test_another_encoding_than_utf_8_is_refused_whatever_is_declared() -> None:
    for data in ("<x/>".encode("utf-16"), "<x>号</x>".encode("gbk"), b"<x>\xff</x>"):
        with pytest.raises(ValueError, match="broken XML"):
            parse(data, MOST)
    assert parse('<?xml version="1.0" encoding="gbk"?><x>号</x>'.encode(), MOST).text == "号"
