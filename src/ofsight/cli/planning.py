"""Planning places: the plans of all areas, or the printable pack of some."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ofsight.cli.frame import DatasetOption, FormatOption, JsonOption, QuietOption, app, show, show_progress


@app.command()
def plan(
    dataset: DatasetOption,
    to: Annotated[Path, typer.Option("--to", help="Folder for the plans, or for the packs.")],
    area: Annotated[
        list[str] | None,
        typer.Option(
            "--area",
            help="Write the pack of an area: an authority (name, code), a region, England, or several joined "
            "with +. Give it several times for several packs. Without it, the plans of all areas are "
            "prepared.",
        ),
    ] = None,
    study: Annotated[Path | None, typer.Option("--study", help="Folder of a study's results.")] = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="YAML file: what if. Only with --area.")
    ] = None,
    occupancy: Annotated[
        float, typer.Option("--occupancy", help="Share of registered places taken to be usable.")
    ] = 0.85,
    thresholds: Annotated[
        Path | None, typer.Option("--thresholds", help="YAML file: what makes a group difficult to replace.")
    ] = None,
    plans: Annotated[
        Path | None, typer.Option("--plan", help="Plans prepared before: their models are not fitted again.")
    ] = None,
    formats: FormatOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Plan places for children in homes: need, supply, quality, ownership, exposure, outlook."""
    from ofsight.planning.request import PlanRequest, answer_request

    request = PlanRequest(
        dataset=dataset,
        to=to,
        areas=tuple(area or ()),
        study=study,
        scenario=scenario,
        occupancy=occupancy,
        thresholds=thresholds,
        plans=plans,
        formats=tuple(formats or ("html",)),
    )
    with show_progress(quiet or as_json) as tell:
        answer = answer_request(request, progress=tell)
    summary: dict[str, Any] = answer.as_dict()
    show(summary, list(answer.lines), quiet, as_json)
