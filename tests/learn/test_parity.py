"""What counts as a difference of an exported graph from its network."""

import numpy as np
import pytest

from scenetext.codecs.attention import END
from scenetext.errors import TrainingError
from scenetext.learn.parity import check_parity


def test_parity_is_the_largest_difference_and_a_nan_fails():
    ones, off = np.ones((2, 2), np.float32), np.full((2, 2), 1.0005, np.float32)
    images = [{"images": np.zeros((1, 1, 2, 2), np.float32)}]
    worst = check_parity(lambda x: {"a": ones}, lambda x: {"a": off}, images)
    assert worst == pytest.approx(0.0005, rel=1e-2)
    with pytest.raises(TrainingError):
        check_parity(lambda x: {"a": ones}, lambda x: {"a": ones * np.nan}, images)


def test_maps_are_compared_by_their_range_and_points_are_not():
    for shape, alike in (((1, 2, 3, 4), True), ((3, 20, 2), False)):
        large, off = np.full(shape, 200.0, np.float32), np.full(shape, 200.1, np.float32)
        if alike:
            assert check_parity(lambda x, a=large: {"a": a}, lambda x, a=off: {"a": a}, [{}]) < 1e-3
        else:
            with pytest.raises(TrainingError, match="differs"):
                check_parity(lambda x, a=large: {"a": a}, lambda x, a=off: {"a": a}, [{}])


def test_outputs_of_other_shapes_are_no_parity():
    none, one = np.zeros((0, 20, 2), np.float32), np.zeros((1, 20, 2), np.float32)
    assert check_parity(lambda x: {"a": none}, lambda x: {"a": none}, [{}]) == 0
    with pytest.raises(TrainingError, match=r"a has shape \(1, 20, 2\), the network's \(0, 20, 2\)"):
        check_parity(lambda x: {"a": none}, lambda x: {"a": one}, [{}])


def path_of(*classes):
    """Log-probabilities (1, steps, 4) of a greedy path over these classes."""
    return np.log(np.full((len(classes), 4), 0.1) + 0.6 * np.eye(4)[list(classes)])[None].astype(np.float32)


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"),
    [
        ((2, 3, END, 2), (2, 3, END, 3), True),  # after the first end nothing has a meaning
        ((2, 3, 2, END), (2, 3, 3, END), False),  # another character
    ],
)
def test_parity_of_a_decoder_follows_the_path_to_its_first_end(ours, theirs, alike):
    def graph(path):
        return lambda inputs: {"log_probs": path_of(*path), "memory": np.zeros((1, 2, 2), np.float32)}

    inputs = [{"images": np.zeros((1, 1, 2, 2), np.float32)}]
    if alike:
        assert check_parity(graph(ours), graph(theirs), inputs) == 0
    else:
        with pytest.raises(TrainingError, match="differs from the network"):
            check_parity(graph(ours), graph(theirs), inputs)


def test_steps_after_a_near_tie_are_not_compared():
    ours, theirs = path_of(2, 2, 2, END), path_of(2, 2, 3, 3)
    ours[0, 1, 3], theirs[0, 1, 3] = ours[0, 1, 2] - 1e-6, theirs[0, 1, 2] + 1e-6
    assert ours[0, 1].argmax() != theirs[0, 1].argmax()
    memory = np.zeros((1, 2, 2), np.float32)
    graphs = (lambda _, p=path: {"log_probs": p, "memory": memory} for path in (ours, theirs))
    assert check_parity(*graphs, [{}]) < 1e-5


def test_texts_that_were_searched_for_may_differ_if_they_are_as_likely():
    log_probs, attention = path_of(2, 3, END), np.zeros((1, 3, 2), np.float32)
    log_probs[0, 1, 0] = log_probs[0, 1, 3]  # as likely a character

    def graph(*texts):
        path = np.array([texts], np.float32)
        return lambda _: {"log_probs": log_probs, "texts": path, "attention": attention}

    assert check_parity(graph(2, 3, END), graph(2, 0, END), [{}]) == 0
    with pytest.raises(TrainingError, match="differs from the network"):
        check_parity(graph(2, 3, END), graph(2, 2, END), [{}])
