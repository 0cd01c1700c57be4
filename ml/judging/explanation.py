"""Heat maps show how much each place of a picture speaks for malignant.

The served method is one step of integrated gradients (Sundararajan, Taly & Yan, "Axiomatic
attribution for deep networks", arXiv 1703.01365). It multiplies the gradient of the malignant logit
at the picture by how the picture differs from a blurred copy. It was measured against Grad-CAM and
others, see ``python -m ml explain`` and the model card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ml.judging.frames import Box

if TYPE_CHECKING:
    import tensorflow as tf

Array = np.ndarray

#: The blurred copy keeps one colour for so many pixels of the network's input.
BLUR = 16
#: One value of a heat map stands for so many pixels of the network's input. Each is a mean over
#: twice that, because a gradient alone is as fine-grained as noise.
GRAIN = 4
#: The stored overlay has a longer side of so many pixels, because the browser enlarges it.
OVERLAY_SIDE = 256
#: The most opaque place of an overlay has this opacity in 0..255, so that the picture shines
#: through.
OPACITY = 220
#: These are equal steps of Viridis, which is perceptually uniform (Smith & van der Walt, 2015).
VIRIDIS = (
    (68, 1, 84),
    (72, 40, 120),
    (62, 74, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (110, 206, 88),
    (181, 222, 43),
    (253, 231, 37),
)


def malignant_logit(
    logits: tf.Tensor,
    classes: Sequence[str],
    malignant: Sequence[str],
    temperature: float | tf.Tensor,
) -> tf.Tensor:
    """Return the log-odds of malignant, ``(n,)``, as a part of a graph.

    They are the log of how much likelier the malignant classes are together than the benign ones.
    Unlike that of the probability, their gradient does not vanish where the network is sure.
    """
    import tensorflow as tf

    scaled = logits / temperature
    if len(classes) == 2:
        return scaled[:, 0]
    chosen = np.array([name in malignant for name in classes])
    parts = [
        tf.reduce_logsumexp(tf.boolean_mask(scaled, kind, axis=1), axis=1)
        for kind in (chosen, ~chosen)
    ]
    return parts[0] - parts[1]


def blurred(pixels: tf.Tensor) -> tf.Tensor:
    """Return ``float32 (n, s, s, 3)`` pixels with only broad colours left, in a graph."""
    import tensorflow as tf

    side = pixels.shape[1]
    coarse = tf.nn.avg_pool2d(pixels, BLUR, BLUR, "SAME")
    return tf.image.resize(coarse, (side, side))


def attribution(gradient: tf.Tensor, difference: tf.Tensor) -> tf.Tensor:
    """Return heat maps ``(n, s/4, s/4)``, at least 0, in a graph.

    Args:
        gradient: gradient of the malignant logit by the pixels, ``(n, s, s, 3)``.
        difference: difference of the pixels from the blurred ones.
    """
    import tensorflow as tf

    speaks_for = tf.nn.relu(tf.reduce_sum(gradient * difference, -1, keepdims=True))
    return tf.nn.avg_pool2d(speaks_for, 2 * GRAIN, GRAIN, "SAME")[..., 0]


def overlay(heat: Array, size: tuple[int, int], content: Box | None = None) -> Image.Image | None:
    """Return a heat map as a transparent picture to lay over the whole picture.

    Args:
        heat: heat of the centre square of the content, ``float (m, m)``, at least 0.
        size: size of the picture that was sent in, in pixels; the overlay has its proportions.
        content: part of the picture that was looked at; None for all of it.

    Returns:
        A picture of 256 colours, transparent where there is no heat and outside the centre square;
        None where no place speaks for malignant, or the heat is not finite.
    """
    # The hottest hundredth gets one colour, so that a single pixel does not dim all the others.
    hottest = float(np.quantile(heat, 0.99)) if np.isfinite(heat).all() else 0.0
    if hottest <= 0:
        return None
    levels = (255 * np.clip(heat / hottest, 0, 1)).astype(np.uint8)
    content = content or Box(0, 0, *size)
    scale = OVERLAY_SIDE / max(size)
    side = max(1, round(min(content.size) * scale))
    square = Image.fromarray(levels).resize((side, side), Image.Resampling.BICUBIC)
    width, height = (max(1, round(length * scale)) for length in size)
    whole = Image.new("L", (width, height))
    whole.paste(
        square,
        (
            round((content.left + content.right) / 2 * scale - side / 2),
            round((content.top + content.bottom) / 2 * scale - side / 2),
        ),
    )
    # The levels are indices of the colours, which takes a quarter of the bytes of four channels.
    whole.putpalette(_COLOURS.tobytes())
    whole.info["transparency"] = _ALPHA.tobytes()
    return whole


def inside(heat: Array, mask: Array) -> float:
    """Return the share of the heat within a lesion, in 0..1.

    Args:
        heat: ``float (m, m)``, at least 0 and not all of it 0.
        mask: the lesion in the same square, ``bool (n, n)``.
    """
    side = len(heat)
    lesion = Image.fromarray(mask).resize((side, side), Image.Resampling.BOX)
    return float((heat * np.asarray(lesion, np.float32)).sum() / heat.sum())


_COLOURS = np.stack(
    [
        np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(VIRIDIS)), channel)
        for channel in np.transpose(VIRIDIS)
    ],
    axis=-1,
).astype(np.uint8)
_ALPHA = (OPACITY * np.sqrt(np.linspace(0, 1, 256))).astype(np.uint8)

#: A method makes heat maps ``float (n, m, m)`` from pixels ``uint8 (n, s, s, 3)``.
Method = Callable[[Array], Array]


def methods(
    model: Any, layer: str, log_odds: Callable[[tf.Tensor], tf.Tensor]
) -> dict[str, Method]:
    """Return, by name, the served method and those that it is compared with.

    - ``grad_cam`` weighs each channel of the last convolution by the mean of its gradient
      (Selvaraju et al., arXiv 1610.02391);
    - ``hires_cam`` weighs each place by its own gradient (Draelos & Carin, arXiv 2011.08891);
    - ``integrated_gradients`` takes 16 steps from the blurred copy to the picture;
    - ``one_step`` is what is served.

    Args:
        model: model from pixels to probabilities.
        layer: name of the last convolution's layer.
        log_odds: function from logits to the malignant logit.
    """
    import keras
    import tensorflow as tf

    inner = keras.Model(
        model.input, [model.get_layer(layer).output, model.get_layer("logit").output]
    )
    side = model.input_shape[1]
    signature = [tf.TensorSpec((None, side, side, 3), tf.uint8)]

    def cam(weigh: Callable[[tf.Tensor], tf.Tensor]) -> Method:
        @tf.function(input_signature=signature)
        def heat(pixels: tf.Tensor) -> tf.Tensor:
            activations, logits = inner(tf.cast(pixels, tf.float32), training=False)
            gradient = tf.gradients(log_odds(logits), activations)[0]
            return tf.nn.relu(tf.reduce_sum(activations * weigh(gradient), -1))

        return lambda pixels: heat(pixels).numpy()

    def integrated(places: Sequence[float]) -> Method:
        @tf.function(input_signature=signature)
        def heat(pixels: tf.Tensor) -> tf.Tensor:
            whole = tf.cast(pixels, tf.float32)
            blank = blurred(whole)
            gradient = tf.zeros_like(whole)
            for place in places:
                point = blank + place * (whole - blank)
                gradient += tf.gradients(log_odds(inner(point, training=False)[1]), point)[0]
            return attribution(gradient / len(places), whole - blank)

        return lambda pixels: heat(pixels).numpy()

    return {
        "grad_cam": cam(lambda gradient: tf.reduce_mean(gradient, (1, 2), keepdims=True)),
        "hires_cam": cam(lambda gradient: gradient),
        "integrated_gradients": integrated([(step + 0.5) / 16 for step in range(16)]),
        "one_step": integrated([1.0]),
    }
