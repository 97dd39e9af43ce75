import pytest

from QMSLibrary.contract.receivers import is_about


@pytest.mark.parametrize(
    ("text", "name", "about"),
    [
        ("Please acknowledge escalation esc-12 until noon.", "esc-12", True),
        ("Please acknowledge escalation esc-12.", "esc-12", True),
        ("esc-12", "esc-12", True),
        ("first\nesc-12\nlast", "esc-12", True),
        ("Please acknowledge escalation esc-123 until noon.", "esc-12", False),
        ("Please acknowledge escalation esc-12 until noon.", "esc-", False),
        ("Please acknowledge escalation esc-12 until noon.", "e", False),
        ("Please acknowledge escalation esc-12-b.", "esc-12", False),
        ("(acme/shop): a review is stuck", "acme/shop", True),
        ("a review of acme/shop.", "acme/shop", True),
        ("a review of acme/shop-two", "acme/shop", False),
        ("a review of acme/shop.js", "acme/shop", False),
        ("a review of big-acme/shop", "acme/shop", False),
    ],
)
def test_a_message_is_about_what_it_names_as_a_whole(text, name, about):
    assert is_about(text, name) is about
