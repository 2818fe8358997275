"""Renders the example photos: five places that never were, from nothing but fonts and random numbers.

    python examples/make.py --fonts FOLDER [--out examples] [--seed 7]

FOLDER holds .ttf or .otf files. Walls, windows and awnings are drawn here; letters, poses and the faults of
the camera come from scenetext.synth. Needs the extra "train". Beside the pictures it writes the truth, as
`labels/gt_<name>.txt`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from drawing import (
    HEIGHT,
    WIDTH,
    Picture,
    Plate,
    aged,
    arrow,
    bricks,
    glass,
    lit,
    octagon,
    planks,
    plaster,
    sky,
    soft_noise,
    stripes,
    tiles,
)
from PIL import Image

from scenetext.data.icdar import write_icdar
from scenetext.synth.fonts import FontLibrary
from scenetext.synth.paint import Style
from scenetext.synth.pose import Pose

WHITE, CREAM, BLACK = (246.0, 246.0, 242.0), (240.0, 230.0, 205.0), (26.0, 26.0, 28.0)
GOLD, RED, GREEN, BLUE = (226.0, 184.0, 92.0), (178.0, 34.0, 40.0), (22.0, 74.0, 56.0), (24.0, 62.0, 130.0)
YELLOW, BROWN, SLATE = (246.0, 200.0, 40.0), (96.0, 62.0, 40.0), (52.0, 60.0, 70.0)

SANS = ("FiraSans-Bold", "Montserrat-Bold", "Roboto-Bold", "OpenSans-Bold")
SERIF = ("PlayfairDisplay-Bold", "LibreBodoni-Bold", "Bitter-Bold", "C059-Bold")
NARROW = ("BebasNeue-Bold", "RobotoCondensed-Bold", "LiberationSansNarrow-Bold")
HAND, SCRIPT = ("ComicNeue-Bold", "ComicNeueAngular-Bold"), ("LeckerliOne-Regular",)
ROUND = ("Comfortaa-Bold", "QTVagaRound-Bold", "Quicksand-Bold")


# The places.


def bakery(picture: Picture) -> np.ndarray:
    """A shop front: raised letters, writing on glass and on a curve, a chalk board."""
    rng = picture.rng
    picture.fill((0, 0, WIDTH, 720), bricks(rng, 720, WIDTH, (150, 84, 66)))
    picture.fill((0, 630, WIDTH, 720), bricks(rng, 90, WIDTH, (128, 124, 118), (120, 45)))
    picture.fill((90, 150, 1190, 268), planks(rng, 118, 1100, GREEN, 118))
    picture.fill((90, 262, 1190, 274), GOLD)
    for left, right in ((110, 560), (720, 1170)):
        picture.fill((left - 10, 330, right + 10, 630), planks(rng, 300, right - left + 20, GREEN, 300))
        picture.fill((left + 6, 346, right - 6, 596), glass(rng, 250, right - left - 12))
    picture.fill((578, 330, 702, 632), planks(rng, 302, 124, (70, 40, 30), 302))
    picture.fill((594, 350, 686, 520), glass(rng, 170, 92))
    picture.fill((70, 274, 1210, 330), stripes(rng, 56, 1140, (WHITE, (150, 40, 44)), 38))
    picture.shade((90, 330, 1190, 356), 0.5, 9)
    raised = Style(GOLD, depth=(96, 66, 20), shift=(0.05, 0.06), shadow=(10, 20, 15), softness=0.03)
    picture.sign(["GREENFIELD BAKERY"], (640, 207), 58, SERIF, raised, spacing=0.04)
    picture.sign(["FRESH BREAD"], (335, 440), 38, SERIF, WHITE, bend=1.5)
    picture.sign(["baked every morning"], (335, 492), 17, HAND, CREAM)
    picture.sign(["Cakes & Pies", "Coffee to go"], (945, 445), 30, SCRIPT, WHITE, gap=0.6)
    picture.sign(["OPEN"], (640, 410), 19, SANS, WHITE, plate=Plate(RED, rim=WHITE, radius=0.3))
    picture.sign(
        ["Mon - Fri 7:00 - 18:30", "Saturday 8:00 - 14:00"],
        (640, 468),
        7,
        SANS,
        BLACK,
        plate=Plate(CREAM),
        gap=0.8,
    )
    picture.sign(["27"], (640, 545), 26, SERIF, GOLD)
    badge = Plate(CREAM, rim=GREEN, radius=20.0, around=(150, 150))
    picture.sign(["EST. 1964"], (1105, 85), 19, SERIF, GREEN, bend=1.9, plate=badge)
    menu = ["Today", "Tomato soup", "Cheese roll", "Apple cake 4.50"]
    picture.sign(
        menu,
        (205, 610),
        16,
        HAND,
        WHITE,
        plate=Plate((38, 42, 40), rim=BROWN),
        sizes=(1.5, 1, 1, 1),
        gap=0.7,
        pose=Pose(roll=-5, yaw=14),
    )
    picture.sign(["NO PARKING"], (205, 90), 21, NARROW, RED, plate=Plate(WHITE, rim=RED, radius=0.4))
    return picture.photographed(1.08, 0.6)


def market(picture: Picture) -> np.ndarray:
    """A stall: a banner in the wind, price cards stuck in at every angle."""
    rng = picture.rng
    picture.fill((0, 0, WIDTH, 330), sky(rng, 330, WIDTH, (112, 152, 200), (205, 218, 228)))
    for left, top, right, colour in ((0, 120, 260, (176, 160, 140)), (1010, 90, 1280, (186, 140, 112))):
        picture.fill((left, top, right, 470), plaster(rng, 470 - top, right - left, colour))
        for x in range(left + 24, right - 40, 74):
            for y in range(top + 24, 330, 84):
                picture.fill((x, y, x + 38, y + 54), glass(rng, 54, 38))
    picture.fill((170, 210, 1110, 330), stripes(rng, 120, 940, (WHITE, (34, 104, 74)), 47))
    picture.fill((190, 330, 1090, 470), lit(rng, 140, 900, (46, 40, 38)))
    picture.shade((190, 330, 1090, 372), 0.6, 12)
    picture.fill((0, 470, WIDTH, 720), bricks(rng, 250, WIDTH, (134, 130, 124), (80, 40)))
    fruit = [(196, 44, 40), (228, 150, 40), (110, 150, 50), (120, 40, 80), (232, 196, 60)]
    for i, colour in enumerate(fruit):
        left = 110 + i * 214
        picture.shade((left, 600, left + 210, 690), 0.5, 12)
        picture.fill((left, 545, left + 204, 660), planks(rng, 115, 204, (168, 126, 82), 38))
        for _ in range(150):
            x, y = rng.uniform(left + 12, left + 192), rng.uniform(428, 545)
            shade = np.clip(np.array(colour) * np.exp(rng.normal(0, 0.12)), 0, 255)
            cv2.circle(picture.image, (int(x), int(y)), 15, (shade * 0.7).tolist(), -1, cv2.LINE_AA)
            cv2.circle(picture.image, (int(x) - 2, int(y) - 2), 12, shade.tolist(), -1, cv2.LINE_AA)
            cv2.circle(picture.image, (int(x) - 5, int(y) - 6), 3, (shade * 0.5 + 120).tolist(), -1)
    cards = (
        (["APPLES", "$2.50"], -8), (["ORANGES", "$3.20"], 6), (["PEARS", "$2.80"], -14),
        (["PLUMS", "$4.00"], 18), (["LEMONS", "3 for $1"], -4),
    )  # fmt: skip
    for i, (lines, roll) in enumerate(cards):
        place = (212 + i * 214, 452 + 14 * (-1) ** i)
        picture.sign(
            lines,
            place,
            21,
            HAND,
            BLACK,
            plate=Plate(CREAM if i % 2 else YELLOW),
            sizes=(1, 1.25),
            gap=0.5,
            pose=Pose(roll=roll, pitch=-12),
        )
    banner = Style((150, 30, 34), border=WHITE, border_width=0.05)
    picture.sign(
        ["HARVEST FESTIVAL"], (640, 112), 50, ROUND, banner, plate=Plate(WHITE, radius=0.5), wave=0.35
    )
    picture.sign(["MILL LANE FRUIT"], (640, 272), 34, SANS, WHITE, plate=Plate(GREEN, radius=0.2))
    for i, text in enumerate(("RED GALA", "SWEET", "CONFERENCE", "RIPE NOW", "FROM SICILY")):
        picture.sign([text], (212 + i * 214, 603), 16, NARROW, BROWN, spacing=0.04)
    picture.sign(
        ["MARKET", "SQUARE"], (1180, 380), 22, SERIF, WHITE, plate=Plate(BLUE, rim=WHITE), pose=Pose(yaw=-24)
    )
    picture.sign(
        ["Bookshop"], (112, 392), 27, SERIF, GOLD, plate=Plate(BROWN, pad=(0.5, 0.4)), pose=Pose(yaw=28)
    )
    return picture.photographed(1.05, 0.6)


def station(picture: Picture) -> np.ndarray:
    """A tiled passage, seen at an angle: boards, arrows, a timetable, a poster."""
    rng = picture.rng
    picture.fill((0, 0, WIDTH, 720), tiles(rng, 720, WIDTH, (206, 208, 200), 48))
    picture.fill((0, 0, WIDTH, 60), lit(rng, 60, WIDTH, (66, 70, 74)))
    for x in range(60, WIDTH, 320):
        picture.fill((x, 18, x + 190, 34), (255, 253, 244))
    picture.fill((0, 610, WIDTH, 720), tiles(rng, 110, WIDTH, (112, 110, 106), 110))
    picture.fill((0, 590, WIDTH, 612), (40, 70, 120))
    board = Plate(BLUE, pad=(2.2, 0.8))
    picture.sign(["Platforms 1 - 4", "City Line"], (400, 160), 34, SANS, WHITE, sizes=(1, 0.7), plate=board)
    picture.sign(["Way out"], (960, 150), 36, SANS, BLACK, plate=Plate(YELLOW, pad=(2.0, 0.8)))
    for x, y, size, colour, turn in ((180, 160, 46, WHITE, 180), (1088, 150, 46, BLACK, 0)):
        arrow(picture.image, (x, y), size, colour, turn)
    rows = ["08:15 Northgate 2", "08:22 Airport 4", "08:30 Riverside 1", "08:41 Old Harbour 3"]
    table = Plate((24, 26, 30), rim=SLATE)
    picture.sign(
        rows,
        (330, 400),
        22,
        ("RobotoCondensed-Bold", "IBMPlexMono-Bold"),
        (250, 206, 90),
        plate=table,
        gap=0.8,
        align=0.0,
    )
    picture.sign(["Departures"], (330, 278), 20, SANS, WHITE, plate=Plate(SLATE))
    poster = (640, 250, 880, 560)
    picture.shade((650, 262, 892, 574), 0.4, 6)
    picture.fill(poster, sky(rng, 310, 240, (60, 120, 170), (236, 200, 150)))
    hills = np.array([[640, 470], [700, 420], [770, 465], [830, 410], [880, 450], [880, 560], [640, 560]])
    cv2.fillPoly(picture.image, [hills], (44, 84, 70), cv2.LINE_AA)
    picture.sign(["VISIT THE", "LAKES"], (760, 312), 25, NARROW, WHITE, sizes=(1, 2), gap=0.5)
    picture.sign(["Day tickets from $12"], (760, 530), 13, SANS, WHITE)
    picture.sign(["TICKETS"], (1070, 310), 32, SANS, WHITE, plate=Plate(RED, radius=0.35))
    picture.sign(
        ["Please keep", "your ticket", "with you"], (1070, 430), 19, SANS, BLACK, plate=Plate(WHITE, rim=BLUE)
    )
    picture.sign(["NO SMOKING"], (1070, 540), 17, NARROW, RED, plate=Plate(WHITE))
    picture.sign(["Mind the step"], (640, 655), 26, SANS, YELLOW)
    picture.seen(Pose(yaw=-24, roll=1.5), 1.16)
    return picture.photographed(0.98, 0.7)


def crossroads(picture: Picture) -> np.ndarray:
    """A street: signs on poles, a hotel's sign that runs upwards, a van with a number plate."""
    rng = picture.rng
    picture.fill((0, 0, WIDTH, 560), sky(rng, 560, WIDTH, (96, 130, 176), (226, 216, 204)))
    houses = (
        (0, 70, 330, (170, 120, 96)),
        (330, 150, 610, (196, 186, 166)),
        (960, 40, 1280, (142, 134, 128)),
    )
    for left, top, right, colour in houses:
        make = bricks if left == 0 else plaster
        picture.fill((left, top, right, 560), make(rng, 560 - top, right - left, colour))
        for x in range(left + 30, right - 60, 92):
            for y in range(top + 36, 330, 104):
                picture.fill((x - 4, y - 4, x + 50, y + 72), (226, 222, 214))
                picture.fill((x, y, x + 46, y + 68), glass(rng, 68, 46))
    gap = picture.image[400:560, 610:960]
    hedge = 80 + 16 * soft_noise(rng, 1, 350, 1)[0, :, 0] + 8 * soft_noise(rng, 1, 350, 4)[0, :, 0]
    gap[np.arange(160)[:, None] > hedge] = (92, 112, 84)
    gap[...] = aged(rng, cv2.GaussianBlur(gap, (0, 0), 2.5), 3)
    picture.fill((0, 560, WIDTH, 590), bricks(rng, 30, WIDTH, (150, 148, 142), (90, 30)))
    picture.fill((0, 590, WIDTH, 720), aged(rng, lit(rng, 130, WIDTH, (84, 84, 88)), 6))
    for x in range(20, WIDTH, 220):
        quad = np.array([[x, 664], [x + 120, 664], [x + 112, 676], [x - 14, 676]])
        cv2.fillPoly(picture.image, [quad], (220, 220, 214), cv2.LINE_AA)
    for x, top in ((690, 120), (900, 250)):
        picture.fill((x, top, x + 9, 585), lit(rng, 585 - top, 9, (120, 122, 126), 12))
    picture.fill((330, 420, 610, 470), planks(rng, 50, 280, (60, 30, 60), 50))
    picture.fill((350, 478, 590, 556), glass(rng, 78, 240))
    picture.sign(["BLUE NOTE MUSIC"], (470, 445), 19, ROUND, Style((150, 210, 250), glow=(60, 120, 220)))
    picture.sign(["RECORDS", "GUITARS"], (470, 516), 15, NARROW, WHITE, gap=0.6)
    hotel = Plate(RED, rim=WHITE)
    picture.sign(["HOTEL"], (364, 270), 36, SANS, WHITE, pose=Pose(roll=-90), plate=hotel, spacing=0.12)
    van(picture)
    route = Plate((0, 92, 60), rim=WHITE, radius=0.3)
    picture.sign(
        ["City Centre 2", "Hospital 5", "Airport 14"],
        (694, 196),
        23,
        SANS,
        WHITE,
        plate=route,
        align=0.0,
        gap=0.8,
    )
    octagon(picture.image, (904, 300), 66, WHITE)
    octagon(picture.image, (904, 300), 61, RED)
    picture.sign(["STOP"], (904, 300), 35, NARROW, WHITE)
    plate = Plate(BLUE, rim=WHITE, radius=0.3)
    picture.sign(["OAK STREET"], (1120, 262), 25, SANS, WHITE, pose=Pose(yaw=-30), plate=plate)
    picture.sign(["RIVER ROAD"], (165, 398), 24, SANS, WHITE, pose=Pose(yaw=26), plate=plate)
    picture.sign(["DENTIST", "1st floor"], (1122, 420), 22, SERIF, BLACK, plate=Plate(WHITE), sizes=(1, 0.75))
    picture.sign(
        ["P", "2 hours"], (694, 372), 18, SANS, WHITE, plate=Plate(BLUE, rim=WHITE), sizes=(2.2, 0.8)
    )
    return picture.photographed(1.02, 0.65)


def van(picture: Picture) -> None:
    rng = picture.rng
    image = picture.image
    picture.shade((60, 630, 420, 668), 0.6, 8)
    body = np.array([[70, 470], [330, 470], [392, 540], [424, 556], [424, 640], [70, 640]])
    cv2.fillPoly(image, [body], (236, 236, 232), cv2.LINE_AA)
    cv2.fillPoly(image, [np.array([[330, 486], [378, 540], [330, 540]])], (60, 72, 84), cv2.LINE_AA)
    cv2.rectangle(image, (70, 600), (424, 612), (200, 96, 30), -1)
    for x in (134, 356):
        cv2.circle(image, (x, 640), 30, (30, 30, 32), -1, cv2.LINE_AA)
        cv2.circle(image, (x, 640), 14, (150, 150, 154), -1, cv2.LINE_AA)
    picture.image = aged(rng, image, 1.0)
    picture.sign(["SWIFT PARCELS"], (194, 514), 21, NARROW, (200, 96, 30), spacing=0.03)
    picture.sign(["call 555-0142"], (198, 566), 17, SANS, SLATE)
    picture.sign(["KD 4072"], (242, 626), 11, NARROW, BLACK, plate=Plate(YELLOW, radius=0.2, pad=(0.4, 0.35)))


def fairground(picture: Picture) -> np.ndarray:
    """Round signs, arches and banners: nearly all of the writing is bent."""
    rng = picture.rng
    picture.fill((0, 0, WIDTH, 480), sky(rng, 480, WIDTH, (70, 100, 160), (236, 190, 150)))
    picture.fill((0, 470, WIDTH, 720), aged(rng, lit(rng, 250, WIDTH, (120, 150, 84)), 7))
    for left, right, colour in ((30, 410, (120, 40, 60)), (870, 1250, (40, 60, 110))):
        picture.fill((left, 330, right, 660), planks(rng, 330, right - left, colour, 40))
        picture.fill((left - 16, 286, right + 16, 340), stripes(rng, 54, right - left + 32, (WHITE, RED), 33))
        picture.shade((left, 340, right, 362), 0.5, 8)
    picture.fill((455, 300, 825, 660), planks(rng, 360, 370, (150, 106, 60), 46))
    picture.fill((560, 470, 720, 660), lit(rng, 190, 160, (36, 26, 30)))

    def disc(centre: tuple[int, int], radius: int, colour: tuple[float, float, float]) -> None:
        cv2.circle(picture.image, (centre[0] + 5, centre[1] + 8), radius, (40, 40, 44), -1, cv2.LINE_AA)
        cv2.circle(picture.image, centre, radius, GOLD, -1, cv2.LINE_AA)
        cv2.circle(picture.image, centre, radius - 6, colour, -1, cv2.LINE_AA)

    disc((220, 165), 118, (110, 30, 44))
    picture.sign(["CAROUSEL"], (220, 117), 25, SERIF, WHITE, bend=2.5, spacing=0.06)
    picture.sign(["1908"], (220, 170), 30, SERIF, GOLD)
    picture.sign(["two rides"], (220, 232), 20, SERIF, WHITE, bend=-1.9)
    disc((1060, 165), 118, (30, 52, 104))
    picture.sign(["SEASIDE"], (1060, 112), 26, ROUND, WHITE, bend=2.3, spacing=0.06)
    picture.sign(["ICE CREAM"], (1060, 222), 21, ROUND, YELLOW, bend=-2.3, spacing=0.04)
    picture.sign(["No. 5"], (1060, 168), 24, ROUND, WHITE)
    arch = Style(GOLD, depth=(110, 60, 20), shift=(0.04, 0.05), shadow=(20, 20, 20), softness=0.03)
    picture.sign(["WONDER PARK"], (640, 212), 52, SERIF, arch, bend=1.7, spacing=0.05)
    picture.sign(
        ["GHOST TRAIN"], (640, 405), 34, ROUND, Style(WHITE, border=BLACK, border_width=0.05), bend=1.2
    )
    picture.sign(["Tickets inside"], (640, 448), 17, SCRIPT, CREAM)
    picture.sign(["enter if you dare"], (640, 632), 15, HAND, YELLOW, bend=-0.7)
    picture.sign(["POPCORN"], (220, 425), 40, ROUND, YELLOW, bend=1.5, spacing=0.05)
    picture.sign(["sweet & salty"], (220, 510), 24, SCRIPT, WHITE, wave=0.5)
    picture.sign(["from $3"], (220, 590), 26, SANS, WHITE, plate=Plate(RED, radius=0.4), pose=Pose(roll=-9))
    picture.sign(["LEMONADE"], (1060, 425), 38, NARROW, WHITE, bend=-1.3, spacing=0.08)
    picture.sign(["freshly squeezed"], (1060, 510), 23, HAND, CREAM, wave=0.45)
    picture.sign(
        ["all day"], (1060, 590), 24, SANS, BLACK, plate=Plate(YELLOW, radius=0.4), pose=Pose(roll=7)
    )
    return picture.photographed(1.05, 0.6)


PLACES: dict[str, Callable[[Picture], np.ndarray]] = {
    "bakery": bakery,
    "crossroads": crossroads,
    "fairground": fairground,
    "market": market,
    "station": station,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fonts", type=Path, required=True, help="folder of .ttf and .otf files")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    fonts = FontLibrary(args.fonts)
    for name, draw in PLACES.items():
        rng = np.random.default_rng(args.seed)
        picture = Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8), rng, fonts)
        pixels = draw(picture)
        path = args.out / f"{name}.jpg"
        Image.fromarray(pixels).save(path, quality=86)
        write_icdar(args.out, name, picture.words)
        print(f"{path}  {path.stat().st_size // 1000} kB  {' '.join(w.text or '' for w in picture.words)}")


if __name__ == "__main__":
    main()
