from datetime import timedelta

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from fhir_taper.records import Secret
from fhir_taper.smart.keys import new_key, signing_key
from fhir_taper.smart.launch.assertion import client_assertion
from tests.smart.conftest import NOW

ENDPOINT = "https://ehr.test/token"


@pytest.mark.requirement("320", "321", "307", "308", "309", "312", "322", "323", "324", "325", "327", "328", "329", "330", "331")
@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_an_assertion_says_who_we_are_to_whom_and_for_how_long(algorithm: str) -> None:
    key = signing_key(new_key(algorithm))
    made = client_assertion("the app", ENDPOINT, key, NOW).reveal()
    assert jws.extract_compact(made.encode()).headers() == {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
    claims = jwt.decode(made, KeySet.import_key_set({"keys": [key.public]}), algorithms=[algorithm]).claims
    assert set(claims) == {"iss", "sub", "aud", "exp", "iat", "jti"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("the app", "the app", ENDPOINT)
    assert (claims["exp"], claims["iat"]) == ((NOW + timedelta(seconds=240)).timestamp(), (NOW - timedelta(seconds=5)).timestamp())


@pytest.mark.requirement("332")
def test_no_two_assertions_have_the_same_id() -> None:
    key = signing_key(new_key("ES384"))
    made = [client_assertion("a", ENDPOINT, key, NOW).reveal() for _ in range(20)]
    keys = KeySet.import_key_set({"keys": [key.public]})
    assert len({jwt.decode(one, keys, algorithms=["ES384"]).claims["jti"] for one in made}) == 20


def test_an_assertion_does_not_show_itself() -> None:
    made = client_assertion("a", ENDPOINT, signing_key(new_key("ES384")), NOW)
    assert isinstance(made, Secret)
    assert made.reveal() not in repr(made)
