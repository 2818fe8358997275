"""Exceptions: one line each, and whole after a journey between processes."""

from __future__ import annotations

import pickle

import pytest

from scenetext import errors
from scenetext.errors import (
    BadImageError,
    DataError,
    MissingExtraError,
    ScenetextError,
    TooLargeError,
    strict,
    unknown_name,
)


def test_every_error_is_one_of_scenetext():
    raised = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert len(raised) > 5
    assert all(issubclass(kind, ScenetextError) for kind in raised)


@pytest.mark.parametrize("kind", [BadImageError, TooLargeError])
def test_an_error_of_an_image_crosses_processes(kind):
    copy = pickle.loads(pickle.dumps(kind("a.jpg", "no picture")))
    assert type(copy) is kind
    assert (copy.name, copy.reason, str(copy)) == ("a.jpg", "no picture", "a.jpg: no picture")


def test_an_unknown_name_lists_the_known_and_the_nearest():
    assert str(unknown_name("net", "crn", ["db", "crnn"])) == (
        "no net named 'crn'; did you mean 'crnn'? (known: crnn, db)"
    )
    assert str(unknown_name("net", "x", [])) == "no net named 'x' (known: none)"


def test_a_missing_extra_says_what_to_install():
    assert "pip install 'scenetext[train]'" in str(MissingExtraError("torch", "train"))


def test_who_is_strict_raises_the_error_itself():
    error = DataError("a.txt: line 3")
    with pytest.raises(DataError) as caught:
        strict(error)
    assert caught.value is error
