"""A bundle is a trained network on disk: ``model.json`` beside a file of weights.

Reading a bundle needs neither Keras nor TensorFlow, so the web process can register one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from ml.errors import InputError
from ml.files import write_json
from ml.packaging.rules import rules_of

BUNDLES = Path(__file__).parents[1] / "bundles"
DESCRIPTION = "model.json"
WEIGHTS = "weights.npz"
LIMITS = "limits.npz"
CARD = "card.md"
EXPECTED = "expected.json"
SAMPLES = "samples.json"


class BundleError(InputError):
    """Says that a bundle cannot be used; the message tells what is wrong and what to do."""


@dataclass(frozen=True)
class Bundle:
    """Holds what ``model.json`` says about a trained network.

    Attributes:
        directory: directory that it lies in.
        name: the model's name, e.g. ``seven-stage``.
        version: version of the weights, e.g. ``1.0.0``.
        licence: terms under which the weights may be used.
        architecture: one of `ml.architectures.ARCHITECTURES`.
        input_size: side of the square the network reads, in pixels.
        classes: names of the answers, in the order of the probabilities.
        malignant: the classes that are malignant.
        calibration: ``temperature`` and ``bias``, see `ml.judging.calibration.Calibration`.
        threshold: malignant probability in 0..1 from which on the verdict is malignant.
        operating_point: ``threshold`` at which a stated ``sensitivity`` was reached on validation
            pictures, with the scores there; empty where none was chosen.
        novelty: how strange pictures are told, see `ml.judging.novelty`. It holds the ``method``,
            the ``threshold`` of its score, the share of real pictures that it was set to accept
            (``accepted``) and what it was compared with. It is empty where pictures are not
            screened. The method is None where the network's own output alone tells them.
        weights: file name of the weights, in the same directory.
        sha256: SHA-256 of that file, in hexadecimal.
        limits_sha256: SHA-256 of `LIMITS` in the same directory, see `ml.judging.limits`; empty
            where there is none.
        training: settings of the run, the passes it took and the rounds that were kept.
        data: what it was trained on, see `ml.data.selection.Selection`.
        metrics: what it scored on each set.
        created: when it was exported, as ISO 8601.
        image_types: kinds of picture that it tells apart, in the order of their probabilities;
            empty where it cannot. Where it can, ``calibration``, ``threshold`` and
            ``operating_point`` are those of dermoscopic pictures.
        clinical: the same three for clinical pictures, by the same names; empty where none were
            fitted.
        image_type_thresholds: thresholds by which a picture is called a kind, and how they were
            chosen; empty where none were. A picture is ``other`` from that probability on. It is
            ``dermoscopic`` from that share on, and ``clinical`` up to that share, of dermoscopic in
            the sum of the two.
    """

    directory: Path
    name: str
    version: str
    licence: str
    architecture: str
    input_size: int
    classes: tuple[str, ...]
    malignant: tuple[str, ...]
    calibration: dict[str, Any]
    threshold: float
    operating_point: dict[str, Any]
    novelty: dict[str, Any]
    weights: str
    sha256: str
    limits_sha256: str
    training: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, Any]
    created: str
    image_types: tuple[str, ...] = ()
    clinical: dict[str, Any] = field(default_factory=dict)
    image_type_thresholds: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path) -> Bundle:
        """Return the bundle in ``directory`` without touching its weights.

        Raises:
            BundleError: there is none, or its description is not complete and consistent.
        """
        path = Path(directory) / DESCRIPTION
        try:
            description = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BundleError(
                f"{directory} is no model bundle: its {DESCRIPTION} cannot be read "
                f"({error.strerror}); export the model again."
            ) from error
        except ValueError as error:
            raise BundleError(
                f"{path} is not JSON ({error}); restore it or export the model again."
            ) from error
        return cls(directory=Path(directory), **_checked(path, description))

    @property
    def weights_path(self) -> Path:
        """Return the path of the weights."""
        return self.directory / self.weights

    @property
    def limits_path(self) -> Path:
        """Return the path of the statistics by which it knows its limits; there may be none."""
        return self.directory / LIMITS

    @property
    def report_directory(self) -> Path:
        """Return the path of the figures of its evaluation; there may be none."""
        return self.directory / "report"

    @property
    def card_path(self) -> Path:
        """Return the path of its model card, as `ml card` wrote it; there may be none."""
        return self.directory / CARD

    @property
    def expected_path(self) -> Path:
        """Return the path of the answers that ``ml expect`` wrote; there may be none."""
        return self.directory / EXPECTED

    @property
    def samples_path(self) -> Path:
        """Return the path of its answers about the site's samples, as ``ml samples`` wrote them.

        There may be none. Their heat maps lie in a folder beside it.
        """
        return self.directory / SAMPLES

    def read_card(self) -> str:
        """Return the model card as Markdown; empty where none was written.

        Figures are addressed as ``figures/NAME``.
        """
        return self.card_path.read_text(encoding="utf-8") if self.card_path.exists() else ""

    @property
    def logits(self) -> int:
        """Return the number of the network's outputs: one for two classes, else one for each."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def verify(self) -> None:
        """Check that its files are those that were exported.

        Raises:
            BundleError: one is missing, or its SHA-256 is not the recorded one.
        """
        _verify(self.weights_path, self.sha256, "weights")
        self.verify_limits()

    def verify_limits(self) -> None:
        """Check `LIMITS` alone, where there is one, and raise what `verify` raises."""
        if self.limits_sha256:
            _verify(self.limits_path, self.limits_sha256, "limits")

    def write(self) -> None:
        """Write ``model.json``."""
        description = asdict(self)
        del description["directory"]
        write_json(self.directory / DESCRIPTION, description)

    def record(self, metrics: dict[str, Any]) -> Bundle:
        """Add to the metrics in ``model.json``, replacing those of the same sets."""
        updated = replace(self, metrics=self.metrics | metrics)
        updated.write()
        return updated


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify(path: Path, expected: str, what: str) -> None:
    try:
        found = digest(path)
    except OSError as error:
        raise BundleError(
            f"The {what} {path} cannot be read ({error.strerror}); "
            "restore the file or export the model again."
        ) from error
    if found != expected:
        raise BundleError(
            f"The {what} {path} are not the file that was exported; restore it "
            f"or export the model again. Expected SHA-256: {expected}. Received: {found}"
        )


def available(directory: Path = BUNDLES) -> list[Bundle]:
    """Return the bundles in ``directory``, by default those that ship, by name.

    Raises:
        BundleError: one of them cannot be read.
    """
    return [Bundle.read(path.parent) for path in sorted(directory.glob(f"*/{DESCRIPTION}"))]


def find(name: str, directory: Path = BUNDLES) -> Bundle:
    """Return the bundle called ``name`` in ``directory``.

    Raises:
        BundleError: there is none of that name.
    """
    shipped = {bundle.name: bundle for bundle in available(directory)}
    if name not in shipped:
        raise BundleError(
            f"There is no model called {name!r}; choose one of: {', '.join(shipped) or 'none'}."
        )
    return shipped[name]


def _checked(path: Path, description: Any) -> dict[str, Any]:
    """Return the fields of ``model.json``, each in range and of the type `Bundle` declares."""
    hints = get_type_hints(Bundle)
    described = [part for part in fields(Bundle) if part.name != "directory"]
    names = [part.name for part in described]
    # Fields that came later have a default, so that earlier bundles stay readable.
    demanded = {part.name for part in described if part.default is part.default_factory is MISSING}
    if not isinstance(description, dict) or not demanded <= description.keys() <= set(names):
        received = sorted(description) if isinstance(description, dict) else description
        raise BundleError(f"{path} must have the fields {names}. Received: {received}")
    values = {}
    for name in description:
        value, kind = description[name], get_origin(hints[name]) or hints[name]
        if kind is tuple and isinstance(value, list):
            value = tuple(value)
        if kind is float and isinstance(value, int):
            value = float(value)
        if type(value) is not kind or (kind is tuple and not all(type(v) is str for v in value)):
            raise BundleError(
                f"{path}: {name} must be of type {kind.__name__}. Received: {value!r}"
            )
        values[name] = value
    for name, (holds, expected) in rules_of(values).items():
        if not holds:
            received = values.get(name)
            raise BundleError(f"{path}: {name} must be {expected}. Received: {received!r}")
    return values
