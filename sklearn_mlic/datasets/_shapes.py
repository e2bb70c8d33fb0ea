"""Drawing for the synthetic images: outlines, textures, backgrounds and clutter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

_RNG = np.random.RandomState
_SUPERSAMPLING = 2  # masks are drawn this much larger and shrunk, which smooths their edges


def _polygon(n_corners: int, radii: tuple[float, ...] = (1.0,)) -> np.ndarray:
    """Put corners evenly around the origin, at radii that repeat."""
    angles = 2 * np.pi * np.arange(n_corners) / n_corners
    radius = np.resize(radii, n_corners)
    return np.column_stack([radius * np.sin(angles), -radius * np.cos(angles)])


def _ring() -> np.ndarray:
    # One closed path, out and back along a seam without width, so that a ring needs no hole.
    circle = np.vstack([_polygon(40), _polygon(40)[:1]])
    return np.vstack([circle, 0.55 * circle[::-1]])


def _crescent() -> np.ndarray:
    outer = np.linspace(0.25 * np.pi, 1.75 * np.pi, 32)
    # The inner arc runs back between the same two horns around a centre nearer to them.
    horn = np.array([np.cos(outer[0]), np.sin(outer[0])])
    centre = np.array([0.45, 0.0])
    reach = np.hypot(*(horn - centre))
    start = np.arctan2(*(horn - centre)[::-1])
    inner = np.linspace(2 * np.pi - start, start, 32)
    return np.vstack(
        [
            np.column_stack([np.cos(outer), np.sin(outer)]),
            centre + reach * np.column_stack([np.cos(inner), np.sin(inner)]),
        ]
    )


def _heart() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.column_stack([x, -y - 2.5]) / 16


def _cross() -> np.ndarray:
    arm, end = 0.33, 0.95
    quarter = np.array([[arm, -end], [arm, -arm], [end, -arm]])
    turn = np.array([[0, 1], [-1, 0]])
    return np.vstack([quarter @ np.linalg.matrix_power(turn, k) for k in range(4)])


_ARROW = np.array(
    [[0, -1], [0.8, -0.1], [0.3, -0.1], [0.3, 0.95], [-0.3, 0.95], [-0.3, -0.1], [-0.8, -0.1]]
)

#: The outline of each kind of object in a circle of radius 1, commonest kind first.
OUTLINES: dict[str, np.ndarray] = {
    "disc": _polygon(40, (0.95,)),
    "square": _polygon(4, (1.1,)),
    "triangle": _polygon(3, (1.1,)),
    "star": _polygon(10, (1.05, 0.45)),
    "ring": _ring(),
    "cross": _cross(),
    "crescent": _crescent(),
    "heart": _heart(),
    "hexagon": _polygon(6),
    "arrow": _ARROW,
}


@dataclass(frozen=True)
class Pose:
    """Where an object lies: centre and radius in pixels, angle in radians, width over height."""

    x: float
    y: float
    radius: float
    angle: float
    aspect: float


@dataclass(frozen=True)
class Mask:
    """The pixels of an object: their coverage (0 to 1) in a window of the image."""

    window: tuple[slice, slice]
    coverage: np.ndarray

    @property
    def solid(self) -> np.ndarray:
        """The pixels that are at least half covered."""
        return self.coverage >= 0.5


def random_pose(image_size: int, scale: float, rng: _RNG) -> Pose:
    """Draw a pose whose object measures 28 to 55 % of the image's side, times `scale`."""
    radius = scale * image_size * rng.uniform(0.14, 0.275)
    margin = 0.8 * radius  # an object may stick out of the image a little
    x, y = rng.uniform(margin, image_size - margin, size=2)
    return Pose(x, y, radius, rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.25))


def draw_mask(kind: str, pose: Pose, image_size: int) -> Mask:
    """Fill the outline of `kind` in its pose."""
    reach = 1.4 * pose.radius
    x0, y0 = (max(0, int(c - reach)) for c in (pose.x, pose.y))
    x1, y1 = (min(image_size, int(c + reach) + 1) for c in (pose.x, pose.y))
    cos, sin = np.cos(pose.angle), np.sin(pose.angle)
    stretch = np.array([pose.aspect**0.5, pose.aspect**-0.5])
    points = (OUTLINES[kind] * stretch) @ np.array([[cos, sin], [-sin, cos]])
    points = (points * pose.radius + [pose.x - x0, pose.y - y0]) * _SUPERSAMPLING
    canvas = Image.new("L", ((x1 - x0) * _SUPERSAMPLING, (y1 - y0) * _SUPERSAMPLING))
    ImageDraw.Draw(canvas).polygon(points.ravel().tolist(), fill=255)
    coverage = np.asarray(canvas.reduce(_SUPERSAMPLING), dtype=np.float32) / 255
    return Mask((slice(y0, y1), slice(x0, x1)), coverage)


def _stripes(u: np.ndarray, v: np.ndarray, frequency: float, rng: _RNG) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * u) > 0


def _dots(u: np.ndarray, v: np.ndarray, frequency: float, rng: _RNG) -> np.ndarray:
    return ((frequency * u) % 1 - 0.5) ** 2 + ((frequency * v) % 1 - 0.5) ** 2 < 0.09


def _checker(u: np.ndarray, v: np.ndarray, frequency: float, rng: _RNG) -> np.ndarray:
    return np.sin(np.pi * frequency * u) * np.sin(np.pi * frequency * v) > 0


def _noise(u: np.ndarray, v: np.ndarray, frequency: float, rng: _RNG) -> np.ndarray:
    return rng.randint(0, 256, size=u.shape, dtype=np.uint8) / np.float32(255)


def _plain(u: np.ndarray, v: np.ndarray, frequency: float, rng: _RNG) -> np.ndarray:
    return np.zeros_like(u)


# Each gives the share of the second colour at the coordinates (u, v) of the object.
_TEXTURES: tuple[Callable, ...] = (_stripes, _dots, _checker, _noise, _plain)


def paint(image: np.ndarray, kind: str, pose: Pose, mask: Mask, rng: _RNG) -> None:
    """Lay a textured and shaded object on a float image of shape (H, W, 3), in place."""
    rows, columns = mask.window
    y, x = np.ogrid[rows, columns]
    x, y = ((x - pose.x) / pose.radius, (y - pose.y) / pose.radius)
    tilt = pose.angle + rng.uniform(0, np.pi)
    u = (np.cos(tilt) * x + np.sin(tilt) * y).astype(np.float32)
    v = (np.cos(tilt) * y - np.sin(tilt) * x).astype(np.float32)
    share = _choose_texture(kind, rng)(u, v, rng.uniform(1.2, 3.0), rng)[:, :, None]
    first, second = _object_colours(kind, rng)
    colours = first + share * (second - first)
    colours = colours * (1 + 0.2 * u[:, :, None])  # light from one side
    patch = image[mask.window]
    patch += mask.coverage[:, :, None] * (colours - patch)


# The hue and the texture that each kind keeps to more often than not. Two kinds share a hue and
# two a texture, so neither is enough, and exceptions are common enough to make shape matter.
_HABITS = {
    kind: (0.4 * (k % len(_TEXTURES)), _TEXTURES[(k + k // len(_TEXTURES)) % len(_TEXTURES)])
    for k, kind in enumerate(OUTLINES)
}


def _choose_texture(kind: str, rng: _RNG) -> Callable:
    return _HABITS[kind][1] if rng.uniform() < 0.7 else _TEXTURES[rng.randint(len(_TEXTURES))]


def _object_colours(kind: str, rng: _RNG) -> np.ndarray:
    """Draw the two colours of a texture."""
    hue = rng.normal(_HABITS[kind][0], 0.05) if rng.uniform() < 0.8 else rng.uniform()
    saturation, value = rng.uniform(0.7, 1.0), rng.uniform(0.55, 1.0)
    first = _rgb(hue, saturation, value)
    if rng.uniform() < 0.3:
        return np.stack([first, _rgb(rng.uniform(), rng.uniform(0, 1), rng.uniform(0.2, 1))])
    contrast = 0.5 if value > 0.7 else 1.5
    return np.stack([first, _rgb(hue, saturation, np.clip(contrast * value, 0, 1))])


def _rgb(hue: float, saturation: float, value: float) -> np.ndarray:
    """Convert from hue (in turns), saturation and value, 0 to 1, to RGB, 0 to 255."""
    k = (np.array([5, 3, 1]) + 6 * hue) % 6
    falloff = np.clip(np.minimum(k, 4 - k), 0, 1)
    return (255 * value * (1 - saturation * falloff)).astype(np.float32)


def draw_background(image_size: int, rng: _RNG) -> np.ndarray:
    """Draw a background with strokes and blobs that are no objects, float (H, W, 3)."""
    n_cells = rng.randint(2, 7)  # few cells give a gradient, more give clouds
    base = _rgb(rng.uniform(), rng.uniform(0, 0.3), rng.uniform(0.3, 0.9))
    cells = base + rng.normal(0, 25, size=(n_cells, n_cells, 1))
    cells = cells + rng.normal(0, 12, size=(*cells.shape[:2], 3))
    clouds = Image.fromarray(np.clip(cells, 0, 255).astype(np.uint8))
    canvas = clouds.resize((image_size, image_size), Image.Resampling.BICUBIC)
    _draw_clutter(ImageDraw.Draw(canvas), image_size, rng)
    return np.asarray(canvas, dtype=np.float32).copy()


def _draw_clutter(canvas: ImageDraw.ImageDraw, size: int, rng: _RNG) -> None:
    """Scatter strokes and small ragged blobs, in somewhat duller colours than the objects'."""
    colour = partial(_clutter_colour, rng)
    for _ in range(rng.randint(2, 7)):
        points = rng.uniform(0, size, size=2) + np.cumsum(rng.normal(0, size / 6, (4, 2)), axis=0)
        width = max(1, round(size * rng.uniform(0.01, 0.04)))
        canvas.line(points.ravel().tolist(), fill=colour(), width=width, joint="curve")
    for _ in range(rng.randint(1, 6)):
        radii = tuple(size * rng.uniform(0.02, 0.1, size=rng.randint(4, 9)))
        points = _polygon(len(radii), radii) + rng.uniform(0, size, size=2)
        canvas.polygon(points.ravel().tolist(), fill=colour())


def _clutter_colour(rng: _RNG) -> tuple[int, int, int]:
    red, green, blue = _rgb(rng.uniform(), rng.uniform(0.1, 0.6), rng.uniform(0.3, 1))
    return int(red), int(green), int(blue)


def develop(image: np.ndarray, rng: _RNG) -> np.ndarray:
    """Give a float image a random exposure, colour cast and sensor noise, as uint8."""
    gain = rng.uniform(0.75, 1.15) * rng.uniform(0.94, 1.06, size=3)
    noise = rng.randint(-14, 15, size=image.shape, dtype=np.int8)
    image = image * gain.astype(np.float32) + noise
    return np.clip(image, 0, 255).astype(np.uint8)
