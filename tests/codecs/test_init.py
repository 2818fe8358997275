"""What holds for every codec of the table."""

from __future__ import annotations

import dataclasses
import inspect
import json
import pickle

import pytest

from scenetext.codecs import CODECS, make_codec
from scenetext.errors import SettingsError
from scenetext.settings import to_dict


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_is_frozen_settings_that_travel(name: str) -> None:
    codec = make_codec({"name": name})
    assert type(codec) is CODECS[name]
    field, *_ = dataclasses.fields(codec)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(codec, field.name, None)
    assert pickle.loads(pickle.dumps(codec)) == codec
    # a bundle's manifest is JSON
    assert make_codec({"name": name} | json.loads(json.dumps(to_dict(codec)))) == codec


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_encodes_decodes_and_documents_each_setting(name: str) -> None:
    for method in ("encode", "decode"):
        assert inspect.getdoc(getattr(CODECS[name], method))
    for field in dataclasses.fields(CODECS[name]):
        assert field.name.split("_")[0] in (CODECS[name].__doc__ or "")


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_refuses_a_setting_it_does_not_have(name: str) -> None:
    with pytest.raises(SettingsError, match="no such setting 'colour'"):
        make_codec({"name": name, "colour": "red"})


def test_an_unknown_codec_lists_the_known() -> None:
    with pytest.raises(SettingsError, match=", ".join(sorted(CODECS))):
        make_codec({"name": "ctd"})
    with pytest.raises(SettingsError, match="no codec named ''"):
        make_codec({})
