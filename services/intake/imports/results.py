"""What became of each record of an import."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from intake.imports.formats import Record
from intake.problems import FieldError, IdTaken, Problem
from intake.scans import Receipt

Line = Annotated[
    int | None, Field(description="The line that it begins on, in CSV.", exclude_if=lambda line: line is None)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The scan is stored, and what follows from it will happen."""

    index: Annotated[int, Field(description="The record's place in the file, from 0.")]
    line: Line = None
    result: Literal["accepted"] = "accepted"
    onboarding_id: UUID
    server: str
    status_url: str
    sequence: Annotated[int, Field(description="The scan's place in the stream.")]
    warnings: tuple[str, ...] = ()
    password_compared: Annotated[
        Literal[False] | None,
        Field(
            description="There when this onboarding_id was stored before: the password was not looked at.",
            exclude_if=lambda compared: compared is None,
        ),
    ] = None

    @classmethod
    def of(cls, record: Record, receipt: Receipt) -> "Accepted":
        """The result of a record that was stored."""
        scan = receipt.scan
        return cls(
            index=record.index,
            line=record.line,
            onboarding_id=scan.onboarding_id,
            server=scan.server,
            status_url=f"/api/v1/servers/{scan.server}/status",
            sequence=receipt.sequence,
            warnings=scan.warnings,
            password_compared=False if receipt.repeated else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing of the record is stored."""

    index: Annotated[int, Field(description="The record's place in the file, from 0.")]
    line: Line = None
    result: Literal["refused"] = "refused"
    field: Annotated[str | None, Field(description="The first field that won't do.")] = None
    reason: str
    errors: Annotated[tuple[FieldError, ...], Field(description="Every field that won't do.")] = ()

    @classmethod
    def of(cls, record: Record, problem: Problem) -> "Refused":
        """The result of a record that can't be taken. What came is not shown of CSV.

        A delimiter in a password that was not quoted moves what is left of it to the next field.
        """
        errors = tuple(
            error if record.line is None else replace(error, came=None) for error in problem.errors
        )
        field = "onboarding_id" if isinstance(problem, IdTaken) else None
        return cls(
            index=record.index,
            line=record.line,
            field=errors[0].field if errors else field,
            reason=problem.detail,
            errors=errors,
        )


Result = Accepted | Refused

_RESULT: TypeAdapter[Result] = TypeAdapter(Result)

AT_ONCE = 100
"""Results that are sent together."""


class Answer:
    """The results as one JSON array, in the file's order: each is made JSON as soon as it is there."""

    def __init__(self, size: int) -> None:
        self._results = [b""] * size

    def put(self, result: Result) -> None:
        """One more."""
        self._results[result.index] = _RESULT.dump_json(result)

    async def parts(self) -> AsyncIterator[bytes]:
        """What is sent, once all results are there."""
        for start in range(0, len(self._results), AT_ONCE):
            yield (b"," if start else b"[") + b",".join(self._results[start : start + AT_ONCE])
        yield b"]" if self._results else b"[]"
