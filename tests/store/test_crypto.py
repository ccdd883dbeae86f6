"""What is sealed opens for its own tenant, table and row, with its own key, unchanged; and for nothing else."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_taper.errors import StoreError
from fhir_taper.records import Secret
from fhir_taper.store.crypto import KeyRing, key_of, row_name
from tests.store.kept import NEW_KEY, OLD_KEY

OLD = KeyRing({"2025": OLD_KEY}, "2025")
BOTH = KeyRing({"2025": OLD_KEY, "2026": NEW_KEY}, "2026")
PLACE = ("hospital", "launch", "l1")


@given(st.binary(max_size=2000), st.text(max_size=20), st.text(max_size=20), st.text(max_size=40))
def test_what_is_sealed_opens_byte_for_byte(plain: bytes, tenant: str, table: str, row: str) -> None:
    assert BOTH.unseal(BOTH.seal(plain, tenant, table, row), tenant, table, row) == plain


@given(st.tuples(*[st.text(max_size=6)] * 3), st.tuples(*[st.text(max_size=6)] * 3))
def test_a_ciphertext_opens_at_its_own_place_only(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    sealed = OLD.seal(b"x", *one)
    if one == other:
        assert OLD.unseal(sealed, *other) == b"x"
    else:
        with pytest.raises(StoreError, match="does not open"):
            OLD.unseal(sealed, *other)


@pytest.mark.parametrize(
    "place", [("clinic", "launch", "l1"), ("hospital", "draft", "l1"), ("hospital", "launch", "l2"), ("hospitall", "aunch", "l1")]
)
def test_a_ciphertext_moved_to_another_tenant_table_or_row_is_refused(place: tuple[str, str, str]) -> None:
    with pytest.raises(StoreError, match="sealed for another row, table or tenant"):
        OLD.unseal(OLD.seal(b"x", *PLACE), *place)


@given(st.data())
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    sealed = bytearray(OLD.seal(b"a document", *PLACE))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        OLD.unseal(bytes(sealed), *PLACE)


@given(st.integers(0, 200))
def test_a_cut_ciphertext_is_refused(length: int) -> None:
    sealed = OLD.seal(b"a document", *PLACE)
    with pytest.raises(StoreError):
        OLD.unseal(sealed[: min(length, len(sealed) - 1)], *PLACE)


@given(st.binary(max_size=60))
def test_bytes_that_were_never_sealed_are_refused(data: bytes) -> None:
    with pytest.raises(StoreError):
        OLD.unseal(data, *PLACE)


def test_the_same_words_are_sealed_differently_each_time() -> None:
    assert OLD.seal(b"x", *PLACE) != OLD.seal(b"x", *PLACE)


def test_an_old_key_still_opens_and_the_current_one_seals() -> None:
    assert BOTH.unseal(OLD.seal(b"x", *PLACE), *PLACE) == b"x"
    assert key_of(BOTH.seal(b"x", *PLACE)) == "2026"


def test_a_key_that_is_not_configured_is_named() -> None:
    with pytest.raises(StoreError, match="the key 2026, which is not configured"):
        OLD.unseal(BOTH.seal(b"x", *PLACE), *PLACE)


def test_another_key_under_the_same_id_opens_nothing() -> None:
    with pytest.raises(StoreError, match="does not open"):
        KeyRing({"2025": NEW_KEY}, "2025").unseal(OLD.seal(b"x", *PLACE), *PLACE)


@pytest.mark.parametrize(
    ("keys", "current", "says"),
    [
        ({"a": OLD_KEY}, "b", "no key has the id b"),
        ({"a": OLD_KEY[:16]}, "a", "not 32 bytes"),
        ({"a": bytes(32)}, "a", "one byte again and again"),
        ({"": OLD_KEY}, "", "a key id has 1 to 255 bytes"),
    ],
)
def test_a_ring_that_cannot_be_meant_is_refused(keys: dict[str, bytes], current: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        KeyRing(keys, current)


def test_the_first_key_of_the_settings_is_the_one_that_seals() -> None:
    ring = KeyRing.of((("2026", Secret(b64encode(NEW_KEY).decode())), ("2025", Secret(b64encode(OLD_KEY).decode()))))
    assert ring.current == "2026"
    assert ring.unseal(OLD.seal(b"x", *PLACE), *PLACE) == b"x"


@pytest.mark.parametrize("keys", [(), (("a", Secret(b64encode(OLD_KEY).decode())), ("a", Secret(b64encode(NEW_KEY).decode())))])
def test_settings_without_a_key_or_with_one_id_twice_are_refused(keys: tuple[tuple[str, Secret], ...]) -> None:
    with pytest.raises(StoreError):
        KeyRing.of(keys)


def test_a_ring_shows_ids_and_no_key() -> None:
    assert repr(BOTH) == "KeyRing(2025, 2026; current 2026)"


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_two_rows_never_have_one_name(one: list[str], other: list[str]) -> None:
    assert (row_name(*one) == row_name(*other)) == (one == other)
