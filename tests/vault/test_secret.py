from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint

import dagster as dg
import pytest
import yaml
from dagster._serdes import serialize_value
from pydantic import BaseModel, ConfigDict, PydanticSchemaGenerationError

from stampli_assets.model.secret import Secret

VALUE = "hunter2canary"


@dataclasses.dataclass
class Holder:
    secret: Secret


def test_every_way_to_make_text_of_a_secret_is_masked(caplog):
    secret = Secret(VALUE, name="acme")
    logging.getLogger("x").warning("%s %r %s", secret, secret, Holder(secret))
    texts = [
        f"{secret} {secret!s} {secret!r} {secret!a} {secret:>40} {secret:x}",
        "%s %r %a %30s" % (secret, secret, secret, secret),  # noqa: UP031 - that way too
        "{} {!r} {:*^50}".format(secret, secret, secret),  # noqa: UP032
        str([secret]) + str({"a": secret}) + str((secret,)) + repr(Holder(secret)),
        pprint.pformat({"a": [secret]}),
        json.dumps({"a": secret}, default=str) + json.dumps({"a": secret}, default=repr),
        str(TypeError(secret)) + repr(KeyError(secret)),
        str(dg.MetadataValue.text(str(secret))),
        caplog.text,
    ]
    assert VALUE not in "".join(texts)
    assert "***" in caplog.text


@pytest.mark.parametrize(
    "write",
    [
        *(lambda secret, protocol=protocol: pickle.dumps(secret, protocol) for protocol in range(6)),
        lambda secret: pickle.dumps({"a": [Holder(secret)]}),
        copy.copy,
        copy.deepcopy,
        lambda secret: dataclasses.asdict(Holder(secret)),
        lambda secret: json.dumps({"a": secret}),
        lambda secret: yaml.dump({"a": secret}),
        lambda secret: yaml.safe_dump({"a": secret}),
        serialize_value,
        dg.MetadataValue.json,
        lambda secret: {**vars(secret)},
        iter,
        bytes,
    ],
)
def test_a_secret_is_neither_pickled_nor_copied_nor_turned_into_json_and_the_refusal_does_not_tell_it(write):
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each library raises its own
        write(Secret(VALUE))
    assert VALUE not in f"{refused.value} {refused.value!r} {vars(refused.value)}"


def test_no_settings_model_takes_a_secret_by_accident():
    with pytest.raises(PydanticSchemaGenerationError):
        type("Model", (BaseModel,), {"__annotations__": {"secret": Secret}})

    class Loose(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        secret: Secret

    held = Loose(secret=Secret(VALUE))
    assert VALUE not in repr(held) + str(held.model_dump())
    with pytest.raises(Exception) as refused:  # noqa: PT011
        held.model_dump_json()
    assert VALUE not in str(refused.value)
