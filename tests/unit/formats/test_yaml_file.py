"""YAML as people write it."""

import pytest

from QMSLibrary.formats.yaml_file import MAXIMUM_BYTES, MAXIMUM_DEPTH, Place, Reader


class Refused(Exception):
    pass


@pytest.fixture
def reader(tmp_path):
    def make(text):
        path = tmp_path / "x.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Reader(path, Refused)

    return make


def values(reader):
    return reader.values(reader.compose())


def test_words_mean_what_yaml_1_2_says(reader):
    found = values(
        reader(
            "a: [yes, No, on, off, true, False, null, ~, 12, 0x1f, 1.5, 2026-01-01, 1:30, '12', \"true\", no]\non: 1\n"
        )
    )
    assert found.value == {
        "a": [
            "yes",
            "No",
            "on",
            "off",
            True,
            False,
            None,
            None,
            12,
            "0x1f",
            1.5,
            "2026-01-01",
            "1:30",
            "12",
            "true",
            "no",
        ],
        "on": 1,
    }


def test_every_value_has_its_place(reader):
    found = values(reader("top:\n  - one\n  - {name: value}\n"))
    assert found.place(("top", 1, "name")) == Place(3, 12)
    assert found.place(("top", 1, "name"), of_key=True) == Place(3, 6)
    assert found.place(("top", 0)) == Place(2, 5)
    assert found.place(("top", 1, "not", "there")) == Place(3, 5)
    assert found.place(()) == Place(1, 1)


def test_anchors_and_merges(reader):
    found = values(reader("base: &b {x: 1, y: 2}\ncopy: *b\nmore:\n  <<: *b\n  y: 3\n'<<': plain\n"))
    assert found.value == {
        "base": {"x": 1, "y": 2},
        "copy": {"x": 1, "y": 2},
        "more": {"x": 1, "y": 3},
        "<<": "plain",
    }
    assert found.place(("more", "x")) == Place(1, 14)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n"
    for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\n\tb: 2\n", 2, "there is a tab at the beginning; indent with blanks"),
        ("a:\n\t- b\n", 2, "there is a tab"),
        ("a: b: c\n", 1, "a colon is not expected here"),
        ("a: [1, 2\n", 1, "a bracket is not closed"),
        ("a: 'x\nb: 1\n", 1, "does not end with one"),
        ("a:\n  b: 1\n c: 2\n", 3, "the blanks before this line"),
        ("a: *b\n", 1, "an alias"),
        ("a: @b\n", 1, "put the text in quotation marks"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: 1\nb: 2\na: 3\n", 3, "the same key twice"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "a tag"),
        ("a: !mine x\n", 1, "a tag"),
        ("? [1, 2]\n: x\n", 1, "a list for a name"),
        ("a: &a [*a]\n", 1, "contains itself"),
        ("a: &a {<<: *a}\n", 1, "contains itself"),
        ("a: {<<: [1]}\n", 1, "a mapping"),
        ("[" * (MAXIMUM_DEPTH + 1), 1, "too deep"),
        ("a: " + "[" * 20_000, 1, "too deep"),
        (BOMB, None, "too much"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "cannot be printed"),
        (b"#" * (MAXIMUM_BYTES + 1), 1, "too big"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words_with_its_line(reader, text, line, said):
    one = reader(text)
    with pytest.raises(Refused) as error:
        values(one)
    message = str(error.value)
    assert said in message
    if line is not None:
        assert f"x.yaml line {line}: " in message, message


def test_a_byte_order_mark_and_other_line_ends_are_nothing_special(reader):
    found = values(reader(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - 2\r\n"))
    assert found.value == {"a": 1, "b": [2]}
    assert found.place(("b", 0)) == Place(3, 5)


def test_an_empty_file_has_no_root(reader):
    assert reader("# nothing\n").compose() is None


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Refused, match="cannot be read: No such file"):
        Reader(tmp_path / "none.yaml", Refused).compose()
