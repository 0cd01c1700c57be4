"""These are the tables of the site. Each model has a file of its own."""

from classifier.models.audit_entry import AuditEntry
from classifier.models.model_version import ModelVersion
from classifier.models.observed import ImageType
from classifier.models.prediction import Prediction
from classifier.models.reason import Failure
from classifier.models.result import Verdict
from classifier.models.review import Review
from classifier.models.submission import Status, Submission
from classifier.models.user import User

__all__ = [
    "AuditEntry",
    "Failure",
    "ImageType",
    "ModelVersion",
    "Prediction",
    "Review",
    "Status",
    "Submission",
    "User",
    "Verdict",
]
