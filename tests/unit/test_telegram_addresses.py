"""Addresses in Telegram, and what it allows each."""

import pytest

from bot.adapters.telegram.addresses import Place, private_of, read_place


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("5", Place(chat=5)),
        ("-1001234567890", Place(chat=-1001234567890)),
        ("-1001234567890/7", Place(chat=-1001234567890, topic=7)),
        ("-1001234567890/1", Place(chat=-1001234567890)),
    ],
)
def test_address_is_read(address: str, place: Place) -> None:
    """A chat, or a topic in it; the general topic is the chat itself."""
    assert read_place(address) == place


@pytest.mark.parametrize("address", ["", "0", "general", "@news", "-100/", "-100/x", "1/2/3", "-"])
def test_other_addresses_are_not_telegrams(address: str) -> None:
    """What cannot be an address is not asked of Telegram."""
    assert read_place(address) is None


def test_place_is_written_as_it_is_read() -> None:
    """The address in the store is what the place says."""
    addresses = ["5", "-100", "-100/7"]

    assert [f"{read_place(one)}" for one in addresses] == addresses


def test_person_is_written_to_in_the_chat_of_their_number() -> None:
    """Trouble is told to whoever subscribed."""
    assert read_place(private_of("5")) == Place(chat=5)
