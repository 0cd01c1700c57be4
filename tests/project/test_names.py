"""Names in the code are the words of docs/architecture.md, and services are verbs."""

from __future__ import annotations

import ast
import re

import pytest

from classifier.models import Status, Verdict
from tests.site import ROOT

FILES = sorted(path for part in ("classifier", "skinsite") for path in (ROOT / part).rglob("*.py"))
SERVICES = sorted((ROOT / "classifier" / "services").rglob("*.py"))

#: These names said nothing where they were used, or had a second meaning elsewhere.
REFUSED = {
    "Analyse", "Rejection", "Settings", "active", "analyse_by", "each", "metrics", "named", "of",
    "read", "saw", "saw_list", "saw_thumbnail", "spend_retry", "spend_upload", "to_a_worker",
    "too_old", "waiting_for",
}  # fmt: skip
GLOSSARY = (ROOT / "docs" / "architecture.md").read_text().partition("## Words\n")[2]
GLOSSARY_WORDS = re.findall(r"^\| \*\*([^*]+)\*\* \|", GLOSSARY, flags=re.MULTILINE)


def functions_and_classes(path) -> list[ast.FunctionDef | ast.ClassDef]:
    body = ast.parse(path.read_text()).body
    return [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_or_class_has_a_refused_name(path):
    assert REFUSED.isdisjoint(node.name for node in functions_and_classes(path))


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_service_is_a_verb_with_its_object_and_takes_keywords_after_its_subject(path):
    for node in functions_and_classes(path):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert "_" in node.name, f"{node.name} names no object"
            assert len(node.args.posonlyargs + node.args.args) <= 1, node.name


def test_the_glossary_explains_every_status_and_verdict():
    assert {value.lower() for value in (*Status.values, *Verdict.values)} <= set(GLOSSARY_WORDS)


def test_the_glossary_explains_no_word_twice():
    assert len(GLOSSARY_WORDS) == len(set(GLOSSARY_WORDS)) > 20


def test_the_layers_have_the_same_folders():
    """Check that a subject has one name, whichever layer somebody starts from."""
    subjects = {"submissions", "reading", "registry", "account", "operation"}
    layers = ("classifier/services", "classifier/views", "templates/classifier", "tests/classifier")
    for layer in layers:
        folders = {path.name for path in (ROOT / layer).iterdir() if path.is_dir()}
        assert folders - {"__pycache__", "partials"} <= subjects, layer
