"""What was found: the finding as numbers of inspections and as odds, and what it does not mean."""

from __future__ import annotations

from collections.abc import Mapping

from ofsight.report.document import (
    Block,
    Bullets,
    KeyFigure,
    KeyFigures,
    Note,
    Paragraph,
    Section,
    Span,
    Text,
)
from ofsight.report.folder import StudyFolder, number
from ofsight.report.gaps import (
    Gap,
    find_gaps,
    finding,
    main_model,
    models_of,
    say_change,
    say_directions,
    split_gaps,
)
from ofsight.report.sections.change_checks import say_firmness
from ofsight.report.sections.grades import counted_shares
from ofsight.report.sections.probabilities import KINDS, Probability, best_probabilities
from ofsight.report.wording import (
    capital,
    count,
    domain_label,
    interval,
    of_hundred,
    ratio_with_interval,
)
from ofsight.vocabulary import Grade, Sector

__all__ = ["caution_note", "over_all_years", "period", "say_of_hundred", "summary_section", "title_of"]


_REPEATED = 2
"""How many cautions stand beside every gap."""


def period(folder: StudyFolder) -> str:
    """Return the years of the sample: ``2014 to 2021``."""
    years = [str(folder.sample.get(name) or "")[:4] for name in ("from", "to")]
    counted = sorted(row.get("year", "") for row in folder.rows("figure1"))
    if counted:
        years = [years[0] or counted[0], years[1] or counted[-1]]
    if not all(year.isdigit() for year in years):
        return ""
    return years[0] if years[0] == years[1] else f"{years[0]} to {years[1]}"


def title_of(folder: StudyFolder) -> str:
    """Return the title: the finding with its years, or the study's name when nothing is compared."""
    found = finding(
        find_gaps(folder.of("table2")),
        split_gaps(folder.of("gap_pause")),
        _pause_tests(folder, Sector.PRIVATE.key),
    )
    if not found:
        return folder.words("title")
    years = period(folder)
    words = f"{found}, {years}" if years else found
    return f"Synthetic data: {words[:1].lower()}{words[1:]}" if folder.synthetic is not None else words


def _pause_tests(folder: StudyFolder, sector: str) -> dict[str, float | None]:
    """Return, by domain, the p value of the test that a sector's gap is one before and after the pause."""
    model = main_model(find_gaps(folder.of("table2")))
    return {
        row.get("outcome", ""): number(row.get("p_value"))
        for row in folder.rows("gap_tests")
        if (row.get("item"), row.get("model")) == ("gap_pause", model)
        and row.get("test", "").startswith("Wald, clustered")
        and row.get("test", "").endswith(f": {sector}")
    }


def over_all_years(folder: StudyFolder, words: str) -> str:
    """Say that a statement is of all years together, where the gap changed over the pause."""
    private = Sector.PRIVATE.key
    if not say_change(split_gaps(folder.of("gap_pause")), private, _pause_tests(folder, private)):
        return words
    return f"Over all years together: {words[:1].lower()}{words[1:]}"


def _all_cautions(folder: StudyFolder) -> Note:
    cautions = folder.listed("cautions") or (
        "The study folder states no cautions. Inspection grades measure compliance and safeguarding, not "
        "children's outcomes, and association is not causation.",
    )
    return Note("Read with care", cautions, "caution")


def caution_note(folder: StudyFolder) -> Note:
    """Return the cautions that stand beside every gap: the first ones, and where all of them are.

    All of them beside every gap would be read over.
    """
    whole = _all_cautions(folder)
    if len(whole.items) <= _REPEATED + 1:
        return whole
    rest: Text = (
        f"{count(len(whole.items) - _REPEATED)} more cautions stand under ",
        Span("What was found", link="#summary"),
        ".",
    )
    return Note(whole.title, (*whole.items[:_REPEATED], rest), whole.kind)


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return of_hundred(value)
    return f"{of_hundred(value)} ({of_hundred(low)} to {of_hundred(high)})"


def _say_pair(private: Probability, public: Probability, ending: str) -> str:
    return (
        f"{_with_interval(private.value, private.low, private.high)} {ending}, against "
        f"{_with_interval(public.value, public.low, public.high)} of 100 of local authority homes"
    )


_ENDINGS = (
    (Grade.OUTSTANDING.value, "to end Outstanding overall"),
    (Grade.REQUIRES_IMPROVEMENT.value, "to end in Requires improvement"),
)


def say_of_hundred(folder: StudyFolder) -> str:
    """Say the gap overall as numbers of inspections in a hundred; empty when the study has none.

    From the model's probabilities with their intervals where the study gives them; otherwise the plain
    shares of table 1, and then the sentence says that they are counted.
    """
    found = {(p.grade, p.sector): p for p in best_probabilities(folder) if p.outcome == "overall"}
    said = []
    for grade, ending in _ENDINGS:
        private = found.get((grade, Sector.PRIVATE.key))
        public = found.get((grade, Sector.LOCAL_AUTHORITY.key))
        if private is not None and public is not None:
            said.append(_say_pair(private, public, ending))
    if not said:
        return _say_counted(counted_shares(folder, "overall"))
    return f"Of 100 full inspections of for-profit homes, the model expects {'; and '.join(said)}."


def _say_how(folder: StudyFolder) -> str:
    families = best_probabilities(folder)
    if not families:
        return ""
    how = KINDS.get(families[0].kind, families[0].kind)
    return f"Expected numbers are of the {families[0].model} model, {how}; in brackets their 95% intervals. "


def _say_counted(shares: Mapping[str, Mapping[str, float]]) -> str:
    low = (Grade.INADEQUATE.value, Grade.REQUIRES_IMPROVEMENT.value)
    below = {sector: sum(grades.get(grade, 0.0) for grade in low) for sector, grades in shares.items()}
    private, public = below.get(Sector.PRIVATE.key), below.get(Sector.LOCAL_AUTHORITY.key)
    if private is None or public is None:
        return ""
    return (
        f"Of 100 full inspections of for-profit homes, {of_hundred(private)} ended below Good overall, of "
        f"100 of local authority homes {of_hundred(public)} (as counted, without a model)."
    )


def _key_figures(folder: StudyFolder, gaps: tuple[Gap, ...]) -> KeyFigures | None:
    figures = []
    inspections, homes = number(folder.sample.get("n_inspections")), number(folder.sample.get("n_homes"))
    if inspections is not None:
        figures.append(KeyFigure(count(inspections), "full inspections", period(folder)))
    if homes is not None:
        figures.append(KeyFigure(count(homes), "children’s homes", "each counted once"))
    for gap in gaps:
        if gap.sector == Sector.PRIVATE.key and gap.outcome == "overall" and gap.estimate is not None:
            figures.append(
                KeyFigure(
                    f"{gap.estimate:.2f}",
                    f"odds ratio, for-profit against local authority, overall, {gap.model}",
                    f"95% interval {interval(gap.low, gap.high)}",
                )
            )
    return KeyFigures(tuple(figures[:4])) if figures else None


def _say_gaps(gaps: tuple[Gap, ...]) -> str:
    return "; ".join(
        f"{domain_label(gap.outcome, short=True)} {ratio_with_interval(gap.estimate, gap.low, gap.high)}"
        for gap in gaps
    )


def _say_model(folder: StudyFolder, gaps: tuple[Gap, ...], model: str, base: tuple[Gap, ...]) -> str:
    """Say what a further model says of a sector, against what the first one said."""
    sizes = sorted({gap.n for gap in gaps if gap.n is not None})
    behind = f" ({count(sizes[0])} inspections)" if len(sizes) == 1 else ""
    before = {gap.outcome: gap.direction for gap in base}
    same = all(before.get(gap.outcome) == gap.direction for gap in gaps) and len(before) == len(gaps)
    said = "the same holds" if same else say_directions(gaps, gaps[0].sector)
    # Where years are told apart above, a line on all of them must say so.
    if over_all_years(folder, ""):
        model = f"{model}, over all years together"
    return f"{capital(model)}{behind}: {said[:1].lower()}{said[1:]}. Odds ratios: {_say_gaps(gaps)}."


def _bullets(folder: StudyFolder, gaps: tuple[Gap, ...], models: list[str]) -> Bullets | None:
    split = split_gaps(folder.of("gap_pause"))
    items: list[Text] = []
    for sector in (Sector.PRIVATE.key, Sector.VOLUNTARY.key):
        mine = {m: tuple(g for g in gaps if g.model == m and g.sector == sector) for m in models}
        base = next((found for found in mine.values() if found), ())
        if not base:
            continue
        items.append(
            (
                Span(f"{over_all_years(folder, say_directions(base, sector))}.", strong=True),
                f" Odds ratios: {_say_gaps(base)}.",
            )
        )
        changed = say_change(split, sector, _pause_tests(folder, sector))
        for part, found in split.items() if changed else ():
            there = tuple(gap for gap in found if gap.sector == sector)
            if there:
                said = say_directions(there, sector)
                items.append(
                    f"{capital(part)}: {said[:1].lower()}{said[1:]}. Odds ratios: {_say_gaps(there)}."
                )
        firmness = say_firmness(folder) if changed and sector == Sector.PRIVATE.key else ""
        if firmness:
            items.append(firmness)
        items.extend(
            _say_model(folder, found, model, base)
            for model, found in mine.items()
            if found and found is not base
        )
    return Bullets(tuple(items)) if items else None


def summary_section(folder: StudyFolder) -> Section:
    """Return the section that answers the question."""
    gaps = find_gaps(folder.of("table2"))
    main = tuple(gap for gap in gaps if gap.model == main_model(gaps))
    blocks: list[Block] = []
    said = say_of_hundred(folder)
    if said:
        blocks.append(Paragraph(over_all_years(folder, said), "lead"))
    figures = _key_figures(folder, gaps)
    if figures is not None:
        blocks.append(figures)
    if not main:
        blocks.append(Paragraph("The study holds no comparison of sectors, so there is no finding to state."))
    bullets = _bullets(folder, gaps, models_of(folder.of("table2")))
    if bullets is not None:
        blocks.append(bullets)
        blocks.append(
            Paragraph(
                f"{_say_how(folder)}An odds ratio below 1 means lower grades than local authority homes "
                "get: at 0.5, the odds of any better grade are half of theirs. The models allow for each "
                "home’s own standing; an odds ratio of raw counts usually lies nearer to 1. In brackets the "
                "95% interval. A difference is stated only when the interval leaves 1 out, with "
                "the model’s own and with clustered standard errors.",
                "small",
            )
        )
    blocks.append(_all_cautions(folder))
    return Section("summary", "What was found", tuple(blocks))
