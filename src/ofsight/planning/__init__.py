"""What a council needs to plan placements with ownership in view: measures, models, scenarios, a pack.

Import from the modules; nothing is done at the import of this package. Every function reads; only
`ofsight.planning.prepare` fits, once, and writes what it found into a folder that pages then read.

``measures.register``
    ``load_measures()``: what each measure is: label, unit, definition, interval, source, reference, caution.
``measures.supply``, ``measures.need``, ``measures.quality``, ``measures.ownership``, ``measures.exposure``
    the measures of one area, as ``Value`` (``measures.values``): number, interval, n, status, date, source.
``measures.concentration``
    ``measure_concentration(homes)``, ``holder_shares(homes)``: HHI and largest shares of any set of homes.
``measures.expected_places``
    ``fit_expected_places(frame) -> ExpectedPlaces``: observed against expected places, all authorities.
``measures.risk``
    ``group_judgements(homes)``: how many of a group's homes are judged below Good at once, against chance.
``measures.screen``
    ``screen_groups(homes, thresholds)``: which groups would be difficult to replace.
``prepare``
    ``prepare_plans(dataset, to, *, study=None, occupancy=0.85, thresholds=None, progress=None)``: writes a
    plan folder; ``read_plans(folder) -> Plans``: ``.table(name)``, ``.measures(slug)``, ``.tables``,
    ``.about``.
``area_plan``
    ``plan_area(dataset, area, ...) -> AreaPlan``: all tables of one area, also of a set that no folder holds.
``pack``
    ``make_pack(plan) -> Document``, ``write_pack(plan, to, formats)``: the printable pack.
``models``, ``scenarios``
    hazard of closure, need to come; what if. See there.
"""
