"""Two tools over the study: the specification curve to explore, and odds ratios as numbers in a hundred."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import polars as pl

from ofsight.report.charts.model import Curve, CurveKind, CurvePoint
from ofsight.report.document import KeyFigure, KeyFigures, Paragraph, Span
from ofsight.report.folder import StudyFolder, number
from ofsight.report.gaps import find_gaps
from ofsight.report.sections.grades import counted_shares
from ofsight.report.sections.sources import source_line
from ofsight.report.wording import (
    count,
    domain_label,
    in_order,
    interval,
    of_hundred,
    percent,
    ratio,
    sector_label,
)
from ofsight.vocabulary import Domain, Grade, Sector
from ofsight.web.answer import Answer, Field, Heading, Part, Picture
from ofsight.web.problems import Refusal
from ofsight.web.queries.study import STUDY, study_of
from ofsight.web.sources import Sources

__all__ = ["Choice", "odds", "specifications"]

_LEVELS: Final = {"homes": "Children’s homes", "authorities": "Local authorities"}
_TERMS: Final = {
    "sector:private": "For-profit against local authority homes",
    "sector:voluntary": "Third sector against local authority homes",
    "profit": "Share of for-profit placements",
    "third": "Share of third-sector placements",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader may choose of the specifications.

    Parameters
    ----------
    level : str
        ``homes`` or ``authorities``.
    term : str
        Whose odds ratio; the first of the curve when empty.
    outcome, sample, coding : str
        Only specifications of this judgement, sample, coding; all when empty.
    include, exclude : tuple of str
        Covariates that must be in the model, and that must not.
    """

    level: str = ""
    term: str = ""
    outcome: str = ""
    sample: str = ""
    coding: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def _levels(study: StudyFolder) -> dict[str, pl.DataFrame]:
    """Return the curves that the study holds, in one shape."""
    found = {}
    for level, table, term, estimate in (
        ("homes", "specifications", "term", "odds_ratio"),
        ("authorities", "table4_curve", "exposure", "estimate"),
    ):
        rows = [
            {
                "term": row.get(term, ""),
                "outcome": row.get("outcome", ""),
                "sample": row.get("sample", ""),
                "coding": row.get("coding", ""),
                "clustering": row.get("clustering", ""),
                "covariates": row.get("covariates", ""),
                "estimate": number(row.get(estimate)),
                "low": number(row.get("ci_low")),
                "high": number(row.get("ci_high")),
                "n": number(row.get("n")),
            }
            for row in study.rows(table)
            if row.get("variance", "cluster") in ("", "cluster")
        ]
        frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
        frame = frame.filter(pl.col("estimate").is_not_null() & (pl.col("low") > 0))
        if frame.height:
            found[level] = frame
    return found


_SCHEMA: Final = {
    **dict.fromkeys(("term", "outcome", "sample", "coding", "clustering", "covariates"), pl.String),
    **dict.fromkeys(("estimate", "low", "high", "n"), pl.Float64),
}


def _one_of(value: str, known: Sequence[str], what: str) -> str:
    if value and value not in known:
        raise Refusal(422, f"There is no {what} '{value[:60]}'. There are: {', '.join(known) or 'none'}.")
    return value


def _names(frame: pl.DataFrame, column: str) -> list[str]:
    return [name for name in frame[column].unique().sort().to_list() if name]


def specifications(sources: Sources, choice: Choice) -> Answer:
    """Answer how far the odds ratio moves with the choices of whoever fits the model."""
    study = study_of(sources)
    levels = sources.once("specification curves", lambda: _levels(study))
    if not levels:
        raise Refusal(404, "The study holds no specification curve.", [("The study", "/study")])
    level = _one_of(choice.level, list(levels), "level") or next(iter(levels))
    whole = levels[level]
    terms = in_order(_names(whole, "term"), tuple(_TERMS))
    term = _one_of(choice.term, terms, "term") or terms[0]
    frame = whole.filter(pl.col("term") == term)
    covariates = sorted({name for words in frame["covariates"].to_list() for name in words.split()})
    options = {name: _names(frame, name) for name in ("outcome", "sample", "coding")}
    asked = {name: getattr(choice, name) for name in options}
    for name, value in asked.items():
        if _one_of(value, options[name], name):
            frame = frame.filter(pl.col(name) == value)
    for name in (*choice.include, *choice.exclude):
        _one_of(name, covariates, "covariate")
    used = pl.col("covariates").str.split(" ")
    for name in choice.include:
        frame = frame.filter(used.list.contains(name))
    for name in choice.exclude:
        frame = frame.filter(~used.list.contains(name))
    frame = frame.sort("estimate", "low")
    query = [("level", choice.level), ("term", choice.term), *asked.items()]
    query += [("with", name) for name in choice.include] + [("without", name) for name in choice.exclude]
    tail = urlencode([(name, value) for name, value in query if value])
    return Answer(
        f"/study/specifications{f'?{tail}' if tail else ''}",
        "The specification curve",
        (_spread(frame), *_curve_part(study, frame, term, covariates, options)),
        lead=f"{_TERMS.get(term, term)}: {count(frame.height)} of "
        f"{count(whole.filter(pl.col('term') == term).height)} "
        "models, each a defensible way of asking the same question.",
        cautions=study.listed("cautions"),
        trail=(STUDY,),
        extra={
            "choice": choice, "level": level, "levels": {key: _LEVELS[key] for key in levels}, "term": term,
            "terms": {key: _TERMS.get(key, key) for key in terms}, "options": options,
            "covariates": covariates, "words": _WORDS,
        },
    )  # fmt: skip


def _spread(frame: pl.DataFrame) -> KeyFigures | Paragraph:
    if not frame.height:
        return Paragraph("No model answers to all of these choices. Take one of them back.")
    low, middle, high = (frame["estimate"].quantile(part, "nearest") for part in (0.0, 0.5, 1.0))
    clear = frame.filter(pl.col("high") < 1).height
    below = frame.filter(pl.col("estimate") < 1).height
    return KeyFigures(
        (
            KeyFigure(ratio(middle), "middle odds ratio", f"from {interval(low, high)}"),
            KeyFigure(
                percent(below / frame.height, 0),
                "of models below 1",
                f"{count(below)} of {count(frame.height)}",
            ),
            KeyFigure(percent(clear / frame.height, 0), "with the whole 95% interval below 1", count(clear)),
        )
    )


_CURVE: Final = (
    Field("estimate", "Odds ratio (95% interval)", "ratio", places=3, low="low", high="high"),
    Field("outcome", "Judgement"),
    Field("sample", "Sample"),
    Field("coding", "Coding of Adequate"),
    Field("covariates", "Covariates"),
    Field("clustering", "Clustering"),
    Field("n", "n", "count"),
    Field("term", "Term", shown=False),
)


def _curve_part(
    study: StudyFolder,
    frame: pl.DataFrame,
    term: str,
    covariates: Sequence[str],
    options: Mapping[str, Sequence[str]],
) -> list[Part]:
    if not frame.height:
        return []
    kinds = [name for name in ("outcome", "sample", "coding") if len(options[name]) > 1]
    rows = list(frame.iter_rows(named=True))
    points = tuple(
        CurvePoint(
            row["estimate"],
            row["low"],
            row["high"],
            (
                *(_word(kind, row[kind]) for kind in kinds),
                *("in the model" if name in row["covariates"].split() else "" for name in covariates),
            ),
        )
        for row in rows
    )
    dashboard = (
        *(
            CurveKind(
                _WORDS.get(kind, kind.capitalize()),
                tuple(dict.fromkeys(_word(kind, name) for name in options[kind])),
            )
            for kind in kinds
        ),
        *(
            CurveKind(_WORDS.get(name, name.replace("_", " ").capitalize()), ("in the model",))
            for name in covariates
        ),
    )
    per = "per percentage point" if term in ("profit", "third") else "of a better grade"
    chart = Curve(points, dashboard, f"Odds ratio {per} (logarithmic scale)")
    below = frame.filter(pl.col("estimate") < 1).height
    title = f"The odds ratio is below 1 in {count(below)} of {count(frame.height)} models"
    picture = Picture(
        title,
        "A specification curve: above, odds ratios from the smallest to the largest with 95% intervals; "
        "below, a mark under each model for what was chosen in it.",
        chart,
    )
    return [
        Part(
            "curve",
            "Models, from the smallest odds ratio up",
            frame,
            _CURVE,
            source_line(study),
            picture=picture,
            folded=True,
            stacked=True,
        )
    ]


_WORDS: Final = {
    "requires improvement": "as requires improvement",
    "missing": "left out",
    "age_months_paper": "Age, to 1 June 2021",
    "age_months": "Age at the inspection",
    "chain_size": "Chain size",
    "log_chain_size": "Chain size, logarithm",
    "places": "Places",
    "log_places": "Places, logarithm",
    "outcome": "Judgement",
    "coding": "“Adequate” before 2015",
    "imd": "Deprivation",
    "n": "Children looked after",
    "under18": "Residents under 18",
}


def _word(kind: str, value: str) -> str:
    if value in _WORDS and kind != "outcome":
        return _WORDS[value]
    if kind == "outcome":
        return domain_label(value, short=True) if value in set(Domain) else value.replace("_", " ")
    return value.replace("_", " ")


def _shifted(shares: Mapping[str, float], odds_ratio: float) -> dict[str, float]:
    """Return shares of grades where the odds of every better grade are so many times as large."""
    grades = [grade.value for grade in Grade]
    total = sum(shares.get(grade, 0.0) for grade in grades) or 1.0
    up_to, before, found = 0.0, 0.0, {}
    for place, grade in enumerate(grades):
        up_to += shares.get(grade, 0.0) / total
        held = min(max(up_to, 1e-12), 1 - 1e-12)
        below = (
            1.0
            if place == len(grades) - 1
            else 1 / (1 + math.exp(-(math.log(held / (1 - held)) - math.log(odds_ratio))))
        )
        found[grade] = below - before
        before = below
    return found


def odds(sources: Sources, outcome: str, value: float | None) -> Answer:
    """Answer what an odds ratio means in inspections out of a hundred.

    Parameters
    ----------
    outcome : str
        The judgement whose grades in local authority homes are the start.
    value : float, optional
        An odds ratio of the reader's own.
    """
    study = study_of(sources)
    if outcome not in set(Domain):
        raise Refusal(422, f"There is no judgement '{outcome[:40]}'. There are: {', '.join(Domain)}.")
    base = counted_shares(study, outcome).get(Sector.LOCAL_AUTHORITY.key)
    if not base:
        raise Refusal(404, "The study holds no counts of grades (table 1).", [("The study", "/study")])
    rows = [_row("Local authority homes, as counted", None, None, None, dict(base))]
    for gap in find_gaps(study.of("table2")):
        if gap.outcome == outcome and gap.estimate:
            label = f"{sector_label(gap.sector)}, {study.model_label('table2', gap.model)}"
            rows.append(_row(label, gap.estimate, gap.low, gap.high, _shifted(base, gap.estimate)))
    if value is not None:
        rows.append(_row(f"At an odds ratio of {ratio(value)}", value, None, None, _shifted(base, value)))
    query = urlencode({"outcome": outcome} | ({"ratio": f"{value:g}"} if value is not None else {}))
    table = Part(
        "hundred",
        f"Of 100 inspections, by grade: {domain_label(outcome)}",
        pl.DataFrame(rows),
        (
            Field("label", "Homes"),
            Field("odds_ratio", "Odds ratio (95% interval)", "ratio", places=2, low="low", high="high"),
            *(Field(name, label, "number", places=1) for name, label in _GRADE_FIELDS),
            Field("good_or_better", "Good or better", "number", places=1),
        ),
        source_line(study),
        note="Worked out from the counted grades of local authority homes, with the odds of every better "
        "grade multiplied by the odds ratio. The model’s odds ratio is of one home against another like "
        "it, so the numbers of all homes together move a little less; the study’s own probabilities "
        "average over homes.",
    )
    return Answer(
        f"/study/odds?{query}",
        "Odds ratios as numbers in a hundred",
        (
            table,
            Heading("The study’s own probabilities"),
            Paragraph(
                ("See ", Span("How likely each grade is", link="/study/probabilities"), " in the study.")
            ),
        ),
        lead=_odds_lead(base, value),
        cautions=study.listed("cautions"),
        trail=(STUDY,),
        extra={"outcome": outcome, "domains": {one.value: one.label for one in Domain}, "ratio": value},
    )


_GRADE_FIELDS: Final = tuple((grade.name.lower(), grade.value) for grade in Grade)


def _row(
    label: str, value: float | None, low: float | None, high: float | None, shares: Mapping[str, float]
) -> dict[str, object]:
    hundred = {grade.name.lower(): 100 * shares.get(grade.value, 0.0) for grade in Grade}
    better = hundred["good"] + hundred["outstanding"]
    return {
        "label": label,
        "odds_ratio": value,
        "low": low,
        "high": high,
        **hundred,
        "good_or_better": better,
    }


def _odds_lead(base: Mapping[str, float], value: float | None) -> str:
    better = base.get(Grade.GOOD.value, 0.0) + base.get(Grade.OUTSTANDING.value, 0.0)
    said = (
        f"Of 100 graded full inspections of local authority homes, {of_hundred(better)} end Good or better."
    )
    if value is None:
        return said
    moved = _shifted(base, value)
    then = moved[Grade.GOOD.value] + moved[Grade.OUTSTANDING.value]
    return f"{said} At an odds ratio of {ratio(value)}, {of_hundred(then)} would."
