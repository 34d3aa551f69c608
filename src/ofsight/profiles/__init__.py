"""An area, an owner, a home, as the dataset knows them: the one answer that every page, pack and file shares.

Import from the modules; nothing is done at the import of this package.

Areas and homes
---------------
``area``
    ``Area(slug, name, kind, authorities, note)``; ``find_area(dataset, text) -> Area``;
    ``list_areas(dataset)`` [code, name, kind, region, slug]; ``authority_names(dataset, area)``;
    ``history_names(dataset, area)``; ``region_of(dataset, area)``; ``dataset_day(dataset)``.
``homes_open``
    ``open_homes(dataset, area=None, on=None)`` [urn, listed_on, authority_code, authority, region, sector,
    provision_type, registration_status, owner_id, owner, group_id, group, holder_id, holder, council_company,
    link_status, places, places_status, registered_on, age_years, overall, protection, leadership,
    inspected_on, months_since, judgement_status, release, sheet, row];
    ``snapshot_dates(dataset)``; ``snapshot_on(dataset, on)``; ``group_slug(group)``.
"""
