"""The servers of deploy/compose.yaml are those that the tests look for."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from databases import _SERVERS
from mongo_server import DEFAULT
from sqlalchemy import make_url

SERVICES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "deploy/compose.yaml").read_text())["services"]


def test_databases_have_the_place_and_the_user_that_tests_expect() -> None:
    postgresql, mariadb = (make_url(_SERVERS[kind][1]) for kind in ("postgresql", "mariadb"))
    made = SERVICES["postgresql"]["environment"]
    assert (made["POSTGRES_USER"], made["POSTGRES_DB"]) == (postgresql.username, postgresql.database)
    assert made["POSTGRES_HOST_AUTH_METHOD"] == "trust"
    assert postgresql.password is None
    assert (mariadb.username, mariadb.password) == ("root", None)
    assert SERVICES["mariadb"]["environment"]["MARIADB_DATABASE"] == mariadb.database
    assert SERVICES["mariadb"]["environment"]["MARIADB_ALLOW_EMPTY_ROOT_PASSWORD"] == "1"
    for name, url in {"postgresql": postgresql, "mariadb": mariadb}.items():
        assert SERVICES[name]["ports"] == [f"{url.host}:{url.port}:{url.port}"]


def test_mongodb_is_a_replica_set_where_tests_expect_it() -> None:
    service, url = SERVICES["mongodb"], urlsplit(DEFAULT)
    assert service["ports"] == [f"{url.hostname}:{url.port}:{url.port}"]
    assert "--replSet" in service["command"]
    assert f"host: '{url.hostname}:{url.port}'" in service["healthcheck"]["test"][-1]


def test_images_have_a_version_and_servers_without_passwords_are_not_for_others() -> None:
    for service in SERVICES.values():
        name, _, version = service["image"].partition(":")
        assert "/" not in name
        assert version not in {"", "latest"}
        assert [port.rpartition(":")[0].partition(":")[0] for port in service["ports"]] == ["127.0.0.1"]
