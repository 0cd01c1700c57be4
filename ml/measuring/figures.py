"""Draw the figures of a report from the same answers as its scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, roc_curve

from ml.measuring.answers import Answers, TestSet, diagnoses_of, malignancy, melanoma
from ml.measuring.binary_metrics import BINS
from ml.measuring.diagnosis_metrics import confusion
from ml.taxonomy import DIAGNOSIS_CODES, SEVEN_CODES

#: A figure is a square of so many inches, with so many dots an inch.
SIDE, DOTS = 4.6, 120

#: The colours are safe for the colour-blind; the first is for malignant, the second for melanoma.
COLOURS = seaborn.color_palette("colorblind")


def draw(test: TestSet, answers: Answers, directory: Path) -> list[Path]:
    """Write the figures that the labels allow as PNG files, and return their paths.

    ``roc``, ``precision-recall`` and ``reliability`` show malignant, and also melanoma where there
    are probabilities of diagnoses. ``confusion`` shows the diagnoses.
    """
    directory.mkdir(parents=True, exist_ok=True)
    positives = {"malignant": (*malignancy(test.samples), answers.malignant)}
    if answers.names_diagnoses:
        positives["melanoma"] = (*melanoma(test.samples), answers.probability_of("mel"))
    curves = {
        name: (targets[known], values[known])
        for name, (known, targets, values) in positives.items()
        if len(set(targets[known])) == 2
    }
    drawn = {}
    if curves:
        drawn = {"roc": _roc, "precision-recall": _precision_recall, "reliability": _reliability}
    paths = [
        _save(_figure(draw_curves, curves), directory / f"{name}.png")
        for name, draw_curves in drawn.items()
    ]
    if not answers.names_diagnoses:
        return paths
    known, truth, probabilities = diagnoses_of(test.samples, answers)
    if known.any():
        figure = _figure(_confusion, (truth[known], probabilities[known]))
        paths.append(_save(figure, directory / "confusion.png"))
    return paths


def _figure(draw_on, content) -> Figure:
    with seaborn.axes_style("whitegrid"):
        figure = Figure((SIDE, SIDE), layout="constrained")
        draw_on(figure.subplots(), content)
    return figure


def _save(figure: Figure, path: Path) -> Path:
    # The version of the program is left out, so that the same answers give the same file.
    figure.savefig(path, dpi=DOTS, metadata={"Software": None})
    return path


def _roc(axes: Axes, curves: dict) -> None:
    for colour, (name, (targets, values)) in zip(COLOURS, curves.items(), strict=False):
        false, true, _ = roc_curve(targets, values)
        axes.plot(false, true, color=colour, label=name, linestyle=_line(name))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":", label="by chance")
    _finish(axes, "Share of the others called positive (1 - specificity)", "Sensitivity")


def _precision_recall(axes: Axes, curves: dict) -> None:
    for colour, (name, (targets, values)) in zip(COLOURS, curves.items(), strict=False):
        precision, recall, _ = precision_recall_curve(targets, values)
        axes.plot(recall, precision, color=colour, label=name, linestyle=_line(name))
        axes.axhline(targets.mean(), color=colour, linewidth=0.8, linestyle=":")
    _finish(axes, "Sensitivity (recall)", "Precision")


def _reliability(axes: Axes, curves: dict) -> None:
    for colour, (name, (targets, values)) in zip(COLOURS, curves.items(), strict=False):
        observed, predicted = calibration_curve(targets, values, n_bins=BINS)
        axes.plot(
            predicted,
            observed,
            color=colour,
            label=name,
            marker="o",
            markersize=3,
            linestyle=_line(name),
        )
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":", label="perfect")
    _finish(axes, "Probability the model gives", "Share that is positive")


def _confusion(axes: Axes, named: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion(*named)
    codes = SEVEN_CODES if len(counts) == len(SEVEN_CODES) else DIAGNOSIS_CODES
    rows = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    seaborn.heatmap(
        rows,
        annot=counts,
        fmt="d",
        cmap="Blues",
        vmin=0,
        vmax=1,
        cbar=False,
        square=True,
        linewidths=0.5,
        xticklabels=codes,
        yticklabels=codes,
        ax=axes,
        annot_kws={"size": 8},
    )
    axes.set_xlabel("Called")
    axes.set_ylabel("Is")
    axes.tick_params(axis="y", rotation=0)


def _line(name: str) -> str:
    """Return a line style, so that the curves differ without colour too."""
    return "-" if name == "malignant" else "--"


def _finish(axes: Axes, across: str, up: str) -> None:
    axes.set(xlabel=across, ylabel=up, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.legend(loc="best", frameon=True)
