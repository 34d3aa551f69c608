"""An area, an owner, a home, as the dataset knows them: the one answer that every page, pack and file shares.

Import from the modules; nothing is done at the import of this package. Every function takes an open
`ofsight.dataset.store.Dataset` first, reads only, and returns polars frames or frozen dataclasses of them.
``area=None`` is all of England. ``sector`` is a text: a value of `ofsight.vocabulary.Sector`, or ``All``.
Shares are 0 to 1; ``low`` and ``high`` are 95 % limits (Wilson's score unless said otherwise); ``few`` marks
fewer than ten behind a share: say the counts then and no share. A value and its ``status`` travel together.

``area``
    ``Area(slug, name, kind, authorities, note)``; ``find_area(dataset, text) -> Area``;
    ``list_areas(dataset)`` [code, name, kind, region, slug]; ``authority_names(dataset, area)``;
    ``history_names(dataset, area)``; ``begins_on(dataset, area)``; ``region_of(dataset, area)``;
    ``dataset_day(dataset)``.
``homes_open``
    ``open_homes(dataset, area=None, on=None)`` [urn, listed_on, authority_code, authority, region,
    sector, provision_type, registration_status, owner_id, owner, group_id, group, holder_id, holder,
    council_company, link_status, places, places_status, registered_on, age_years, overall, protection,
    leadership, inspected_on, months_since, judgement_status, release, sheet, row];
    ``snapshot_dates(dataset)``; ``snapshot_on(dataset, on)``; ``group_slug(group)``.
``supply``
    ``homes_over_time(dataset, area=None)`` [listed_on, sector, n_homes, n_places, n_without_places,
    n_unlinked, share_of_homes, share_of_places]; ``openings_closures(dataset, area=None)`` [year, sector,
    n_opened, places_opened, n_closed, places_closed, n_cancelled], years to 31 March.
``judgements``
    ``latest_judgements(dataset, area=None, on=None)`` [domain, sector, n_homes, n_ungraded, n_graded,
    n_inadequate, n_requires_improvement, n_good, n_outstanding, n_good_or_better, share, low, high, few];
    ``judgements_by_year(dataset, area=None, domain="overall")`` [year, sector, n_inspections, n_full,
    n_graded, n_inadequate ... n_good_or_better, share, low, high, few], calendar years.
``holders``
    ``holders_in(dataset, area=None, on=None)`` [rank, holder_id, holder, kind, sector, n_homes, n_places,
    share_of_homes, share_of_places, n_graded, n_good_or_better, n_homes_in_england, n_areas_in_england];
    kind is group, owner, council or unlinked; the unlinked homes are one last row per sector without
    rank.
``council``
    ``council_inspections(dataset, area)`` [authority, on, framework, inspection_type, published_on,
    overall, leaders, protection, care, care_leavers, adoption, ..._as_published, theme, kind, release,
    sheet, row]; kind is graded or visit.
``children``
    ``MEASURES``; ``children_over_time(dataset, area)`` [measure, label, unit, year, value, status,
    status_meaning, n_authorities, n_withheld, how, rounding, release]; ``latest_children(dataset, area)``
    the newest year of each; ``deprivation(dataset, area)`` the same columns.
``figures``
    ``figures_of(dataset, area)`` [measure, label, unit, year, value, low, high, n, status].
``neighbours``
    ``neighbour_models(dataset)``; ``neighbours_of(dataset, area, model=None)`` [model, rank, code, name,
    slug, closeness, release]; ``beside(dataset, area, model=None)`` [measure, label, unit, year, role,
    rank, name, slug, value, low, high, n, status]; role is area, neighbour, median of neighbours, region
    or England.
``funnel``
    ``FUNNELS``; ``funnel(dataset, measure, area=None)`` [code, name, slug, region, n, k, expected, value,
    centre, low_95, high_95, low_998, high_998, position, status].
``owner``
    ``Owner(slug, name, kind, owner_ids)``; ``find_owner(dataset, text) -> Owner``;
    ``list_owners(dataset)`` [slug, name, kind, sector, n_homes, n_places, n_areas, first_listed_on,
    last_listed_on]; ``owner_homes(dataset, owner, on=None)`` as ``open_homes``;
    ``owner_over_time(dataset, owner)`` [listed_on, sector, n_homes, n_places, n_areas];
    ``owner_areas(dataset, owner)`` [listed_on, authority_code, authority, region, n_homes, n_places,
    share_of_homes, share_of_places]; ``owner_judgements(dataset, owner)`` as ``latest_judgements``;
    ``owner_changes(dataset, owner)`` [listed_on, direction, n_homes, n_places, other_id, other];
    ``owner_openings_closures(dataset, owner)`` as ``openings_closures``.
``home``
    ``find_home(dataset, urn) -> Home``, with ``timeline`` [inspected_on, inspection_type, framework,
    overall, overall_as_published, ... , effectiveness, revised, release, sheet, row], ``standings`` (one
    row per list: sector, places, owner, group, authority ... with origin) and ``changes`` [on, what,
    before, after].
``compare``
    ``compare_areas(dataset, areas)`` and ``compare_owners(dataset, owners)``: up to six, [measure, label,
    unit, slug, name, value, low, high, n, status].
``bundle``
    ``area_profile(dataset, area) -> AreaProfile`` and ``owner_profile(dataset, owner) -> OwnerProfile``:
    all of the above as frozen dataclasses of frames.
"""
