"""In the admin, clinicians review submissions, and operators look after models and people."""

from classifier.admin.audit_entry import AuditEntryAdmin
from classifier.admin.audited import AuditedEmailAddressAdmin, AuditedGroupAdmin
from classifier.admin.model_version import ModelVersionAdmin
from classifier.admin.review import ReviewAdmin
from classifier.admin.second_factor import AuthenticatorAdmin
from classifier.admin.submission import SubmissionAdmin
from classifier.admin.user import UserAdmin

__all__ = [
    "AuditEntryAdmin",
    "AuditedEmailAddressAdmin",
    "AuditedGroupAdmin",
    "AuthenticatorAdmin",
    "ModelVersionAdmin",
    "ReviewAdmin",
    "SubmissionAdmin",
    "UserAdmin",
]
