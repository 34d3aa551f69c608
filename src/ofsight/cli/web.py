"""The explorer: serve it, or write it as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ofsight.cli.frame import DatasetOption, JsonOption, QuietOption, app, show, show_progress

_Study = Annotated[Path | None, typer.Option("--study", help="Folder of a study's results.")]
_Plan = Annotated[Path | None, typer.Option("--plan", help="Folder of a prepared plan.")]


@app.command()
def serve(
    dataset: DatasetOption,
    study: _Study = None,
    plan: _Plan = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; 0.0.0.0 for every one.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen at.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=16, help="Processes that answer.")] = 1,
    warm: Annotated[
        bool, typer.Option("--warm/--no-warm", help="Make the main pages before they are asked for.")
    ] = True,
    maker: Annotated[
        bool,
        typer.Option(
            "--maker/--no-maker", help="Let one more process make the pages: twice the memory, no waiting."
        ),
    ] = True,
    url: Annotated[
        str,
        typer.Option(
            "--url",
            envvar="OFSIGHT_URL",
            help="Where visitors reach it behind a proxy: https://HOST/PATH, or /PATH.",
        ),
    ] = "",
    quiet: QuietOption = False,
) -> None:
    """Serve the explorer: pages and an API over a dataset and a study."""
    from ofsight.web.extras import require_web

    require_web()
    from ofsight.web.serve import serve_explorer

    serve_explorer(
        dataset,
        study,
        plan,
        host=host,
        port=port,
        workers=workers,
        warm=warm,
        maker=maker,
        url=url,
        quiet=quiet,
    )


@app.command()
def freeze(
    dataset: DatasetOption,
    to: Annotated[Path, typer.Option("--to", help="Folder for the site.")],
    study: _Study = None,
    plan: _Plan = None,
    homes: Annotated[bool, typer.Option("--homes/--no-homes", help="With a page for every home.")] = True,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the explorer as files, for any web host."""
    from ofsight.web.extras import require_web

    require_web()
    from ofsight.web.freeze import freeze_site

    with show_progress(quiet or as_json) as tell:
        found = freeze_site(dataset, to, study=study, plan=plan, homes=homes, progress=tell)
    line = (
        f"Site: {found.to}: {found.n_pages:,} pages, {found.n_files:,} files, "
        f"{found.n_bytes / 2**20:,.0f} MB, "
        f"{found.seconds:.0f} s."
    )
    show(found.as_dict(), [line], quiet, as_json)
