"""What if: an owner leaves, a rule phases a sector out, homes open, need rises.

Seeded, quick, nothing fitted. Import from the modules; nothing is done at the import of this package.

``scenario``
    ``Scenario`` (pydantic; frozen): ``name, years, seed, draws, occupancy, in_area_share, events``;
    ``load_scenario(path)``, ``parse_scenario(mapping)``. Kinds of event: ``leave``, ``phase_out``, ``open``,
    ``need``, ``occupancy``. Every number may be one value or ``{low, base, high}``.
``query``
    ``scenario_to_query(scenario) -> str`` and ``scenario_from_query(text) -> Scenario``: an address to share.
``inputs``
    ``prepare_inputs(dataset, closure, need, ...) -> dict[str, DataFrame]``: tables for the prepared folder,
    all areas; ``ScenarioInputs.from_frames(frames, area)``: those of one area, quick, nothing fitted.
``run``
    ``run_scenario(scenario, inputs) -> ScenarioResult``: ``.years`` [measure, year, base, low, high, unit],
    ``.compared`` (with the same future without the events), ``.assumptions`` [assumption, value, source],
    ``.notes``; ``.to_dict()`` for JSON.
"""
