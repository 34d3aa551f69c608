"""What may happen: homes that close, children who will need a place. Fitted once, then only read.

Import from the modules; nothing is done at the import of this package.

``closure``
    ``fit_closure(dataset, *, since=None, until=None) -> ClosureModel``: a discrete-time hazard (complementary
    log-log, person-periods of half a year) of leaving the register, close and transfer apart.
    ``ClosureModel.table()`` [term, label, hazard_ratio, low, high, used];
    ``.predict(homes) -> frame``: one row a home of ``profiles.homes_open.open_homes`` [urn, p_close_12, _low,
    _high, p_close_36, _low, _high, p_transfer_12, p_transfer_36, p_exit_12, p_exit_36];
    ``.years``, ``.calibration`` (out of time: by year, by tenth of risk); ``.choice``; ``.about``;
    ``.to_frames() -> dict[str, DataFrame]`` and ``ClosureModel.from_frames(frames)`` for a prepared folder.
``closure_check``
    ``check_closure(dataset) -> frames``: the model fitted to year t and judged on what came after.
``frames``
    ``require_frames(frames, names)``: one message where a plan folder lacks tables of a model.
``continuations``
    which exits were homes that went on under another number, as a probability.
``need``
    ``forecast_need(dataset, areas=None, *, measure="looked_after") -> NeedForecast`` (measures:
    ``looked_after``, ``in_homes``). ``.forecasts`` [area_code, authority, year, horizon, method, base, low80,
    high80, low95, high95, status]; ``.published`` (with status and release);
    ``.backtest`` and ``.by_area`` (error and coverage of every method), ``.method`` (chosen by the
    back-test), ``.verdict`` (in words); ``.for_area(area)`` (a region, England or a set: sums, with
    intervals for sums); ``.to_frames()`` and ``NeedForecast.from_frames(frames)``.
"""
