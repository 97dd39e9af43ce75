import time

import jwt
import pytest

from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.kernel.identity import Identity
from QMSLibrary.reference.kernel.secrets import create_secrets, load_secrets
from QMSLibrary.reference.kernel.tokens import TokenRefusedError, Tokens


@pytest.fixture
def secrets(tmp_path):
    return create_secrets(tmp_path / "secrets.json")


def forged(key, kid, **changes):
    now = int(time.time())
    claims = {"iss": "orchestration", "sub": "eve", "role": "admin", "aud": "qms", "iat": now, "exp": now + 60}
    claims.update(changes)
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        key,
        algorithm="EdDSA",
        headers={"kid": kid},
    )


def test_a_persons_token_is_taken_by_every_service(secrets):
    token = Tokens(Service.ORCHESTRATION, secrets).for_user("ada", Role.MANAGER)
    for service in Service:
        assert Tokens(service, secrets).verify(token) == Identity("ada", "manager")


def test_a_services_token_is_for_one_service(secrets):
    token = Tokens(Service.DECISION, secrets).for_service(Service.ORCHESTRATION)
    assert Tokens(Service.ORCHESTRATION, secrets).verify(token) == Identity("decision", "service")
    with pytest.raises(TokenRefusedError):
        Tokens(Service.DASHBOARD, secrets).verify(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": "other"},
        {"iss": "decision"},
        {"role": "service"},
        {"role": "root"},
        {"role": None},
        {"sub": None},
    ],
)
def test_wrong_claims_are_refused_even_when_signed(secrets, changes):
    with pytest.raises(TokenRefusedError):
        Tokens(Service.DASHBOARD, secrets).verify(forged(secrets.token_key, "users", **changes))


def test_a_service_cannot_make_a_persons_token(secrets):
    with pytest.raises(TokenRefusedError):
        Tokens(Service.ORCHESTRATION, secrets).verify(forged(secrets.service_keys[Service.DECISION], "users"))
    own_name = forged(secrets.service_keys[Service.DECISION], "decision", iss="decision", aud="orchestration")
    with pytest.raises(TokenRefusedError):
        Tokens(Service.ORCHESTRATION, secrets).verify(own_name)


@pytest.mark.parametrize("kid", ["nobody", "", "../users"])
def test_unknown_keys_are_refused(secrets, kid):
    with pytest.raises(TokenRefusedError):
        Tokens(Service.ORCHESTRATION, secrets).verify(forged(secrets.token_key, kid))


def test_unsigned_and_symmetric_tokens_are_refused(secrets):
    claims = {"iss": "orchestration", "sub": "eve", "role": "admin", "aud": "qms", "iat": 1, "exp": 9999999999}
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": "users"})
    symmetric = jwt.encode(claims, b"x" * 32, algorithm="HS256", headers={"kid": "users"})
    for token in (unsigned, symmetric, "", "...", "ä.ö.ü"):
        with pytest.raises(TokenRefusedError):
            Tokens(Service.ORCHESTRATION, secrets).verify(token)


def test_a_cached_token_expires_all_the_same(secrets, monkeypatch):
    tokens = Tokens(Service.ORCHESTRATION, secrets)
    token = tokens.for_user("ada", Role.DEVELOPER)
    tokens.verify(token)
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(TokenRefusedError, match="expired"):
        tokens.verify(token)


def test_secrets_are_private_and_never_overwritten(tmp_path):
    path = tmp_path / "secrets.json"
    made = create_secrets(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_secrets(path).accounts == made.accounts
    assert made.accounts[Role.ADMIN].password not in repr(made)
    with pytest.raises(FileExistsError):
        create_secrets(path)
    path.write_text("{}")
    with pytest.raises(ValueError, match="not a secrets file"):
        load_secrets(path)
