from __future__ import annotations

import numpy as np
import pytest

from scenetext.synth.ink import render_line
from scenetext.synth.paint import (
    Style,
    contrast,
    contrasting_colour,
    draw_style,
    gradient,
    paint,
    shifted,
    sign_colour,
)

WHITE, BLACK, RED, BLUE = (255.0,) * 3, (0.0,) * 3, (255.0, 0.0, 0.0), (0.0, 0.0, 255.0)


@pytest.fixture
def alpha(face) -> np.ndarray:
    return render_line("BLOCK", face, margin=24).alpha


def painted(alpha: np.ndarray, style: Style, ground=WHITE) -> np.ndarray:
    canvas = np.empty((*alpha.shape, 3), np.uint8)
    canvas[:] = ground
    texture = np.random.default_rng(0).integers(0, 255, canvas.shape, dtype=np.uint8)
    before = canvas.copy()
    result = paint(canvas, alpha, style, 40.0, texture)
    assert result.shape == canvas.shape
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(canvas, before)
    return result


def test_plain_letters_take_their_colour_and_leave_the_ground(alpha):
    image = painted(alpha, Style(RED))
    np.testing.assert_array_equal(image[alpha == 255], np.broadcast_to(RED, image[alpha == 255].shape))
    assert (image[alpha == 0] == 255).all()


def test_half_covered_pixels_are_half_way():
    alpha = np.full((4, 4), 128, np.uint8)
    assert painted(alpha, Style(BLACK))[0, 0, 0] == pytest.approx(127, abs=1)
    assert painted(alpha, Style(BLACK, opacity=0.5))[0, 0, 0] == pytest.approx(191, abs=1)


EFFECTS = {
    "border": {"border": BLUE, "border_width": 0.08},
    "depth": {"depth": BLUE, "shift": (0.1, 0.1)},
    "hard shadow": {"shadow": BLACK, "shift": (0.1, -0.1)},
    "soft shadow": {"shadow": BLACK, "shift": (0.1, 0.1), "softness": 0.08},
    "glow": {"glow": BLUE},
}


@pytest.mark.parametrize("effect", EFFECTS)
def test_effects_around_letters_change_only_their_surroundings(alpha, effect):
    plain, image = painted(alpha, Style(RED)), painted(alpha, Style(RED, **EFFECTS[effect]))
    np.testing.assert_array_equal(image[alpha == 255], plain[alpha == 255])
    assert (image[alpha == 0] != plain[alpha == 0]).any()
    far = np.zeros(alpha.shape, bool)
    far[0, 0] = far[-1, -1] = True
    assert (image[far] >= 250).all()


@pytest.mark.parametrize("change", [{"second": BLUE}, {"texture": 0.6}, {"emboss": 0.8}, {"dots": True}])
def test_effects_within_letters_leave_the_ground(alpha, change):
    image = painted(alpha, Style((200.0, 80.0, 80.0), **change))
    assert len(np.unique(image[alpha == 255], axis=0)) > 3
    assert (image[alpha == 0] == 255).all()


def test_hollow_letters_show_the_ground(alpha):
    image = painted(alpha, Style(RED, border=BLUE, hollow=True))
    assert (image[alpha == 255] == 255).all()
    assert (image == BLUE).all(axis=-1).any()


def test_a_gradient_runs_along_its_angle():
    down, right = gradient(5, 9, BLACK, WHITE, 90), gradient(5, 9, BLACK, WHITE, 0)
    np.testing.assert_allclose(down[0, :, 0], [0, 63.75, 127.5, 191.25, 255], atol=0.01)
    np.testing.assert_allclose(down, down[:, :, :1].repeat(9, axis=2), atol=0.01)
    np.testing.assert_allclose(right[0, 0], np.linspace(0, 255, 9), atol=0.01)


@pytest.mark.parametrize(("dx", "dy"), [(2, 1), (-1, 2), (0, 0), (9, 0), (0, -9)])
def test_shifting_drops_what_leaves(dx, dy):
    alpha = np.arange(1, 21, dtype=np.uint8).reshape(4, 5)
    expected = np.zeros_like(alpha)
    for y in range(4):
        for x in range(5):
            if 0 <= y + dy < 4 and 0 <= x + dx < 5:
                expected[y + dy, x + dx] = alpha[y, x]
    np.testing.assert_array_equal(shifted(alpha, dx, dy), expected)


@pytest.mark.parametrize("ground", [WHITE, BLACK, RED, (128.0, 128.0, 128.0), (90.0, 120.0, 60.0)])
def test_letters_can_be_told_from_any_ground(ground):
    rng = np.random.default_rng(0)
    contrasts = [contrast(contrasting_colour(rng, ground), ground) for _ in range(300)]
    assert min(contrasts) >= 25
    assert np.ptp(contrasts) > 60


def test_styles_vary_and_many_are_plain():
    rng = np.random.default_rng(0)
    styles = [draw_style(rng, (120.0, 110.0, 90.0)) for _ in range(400)]
    plain = [style for style in styles if style == Style(style.fill, opacity=style.opacity)]
    assert 0.4 < len(plain) / len(styles) < 0.75
    for effect in ("second", "border", "depth", "shadow", "glow"):
        assert any(getattr(style, effect) is not None for style in styles)


def test_sign_colours_are_colours():
    rng = np.random.default_rng(0)
    colours = np.array([sign_colour(rng) for _ in range(300)])
    assert colours.min() >= 0
    assert colours.max() <= 255
    assert len(np.unique(colours.round(), axis=0)) > 200
