from collections.abc import Iterator

import pytest

from service.core_client import CoreClient
from service.sync.sources import CoreFeed
from tests.service.core_double import TOKEN, CoreDouble, core_double


@pytest.fixture
def core() -> Iterator[CoreDouble]:
    """A core over HTTP that knows what the test tells it."""
    with core_double() as double:
        yield double


@pytest.fixture
def client(core: CoreDouble) -> Iterator[CoreClient]:
    client = CoreClient(core.url, TOKEN)
    yield client
    client.close()


@pytest.fixture
def feed(client: CoreClient) -> CoreFeed:
    """The core's feed, three changes at a time."""
    return CoreFeed(client, batch=3)
