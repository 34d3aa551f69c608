"""The publishers' sites in recorded shape, with the real files of OFSIGHT_RELEASES behind them.

Paths, names and layouts are those of SOURCES.md; what a page is called there and what its files are called is
written here as the publishers write it, not taken from the catalogue.
"""

# Names and addresses of publishers are longer than lines.
# ruff: noqa: E501
from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fake_publishers import ASSETS, EES_API, EES_CONTENT, Publishers, page

CLA = "3260801d-601a-48c6-93b7-cf51680323d1"
WORKFORCE = "00000000-0000-4000-8000-00000000c5fc"
STATISTICS = "government/statistics"
ANNUAL = f"{STATISTICS}/childrens-social-care-data-in-england"
COLLECTION = "government/collections/childrens-social-care-statistics"
SFR = f"{STATISTICS}/children-looked-after-in-england-including-adoption"

OFSTED = {
    2015: {"list": "2015", "in year": "2014-15"},
    2016: {"list": "2016", "in year": "2015-16"},
    2017: {"list": "2017", "in year": "2016-17", "movements": "2016-17"},
    2018: {"list": "2018", "in year": "2017-18", "movements": "2017-18", "places": "31-march-2018"},
    2019: {"list": "2019", "in year": "2018-19", "movements": "2018-19"},
    2020: {"list": "2020", "in year": "2019-20", "movements": "2019-20"},
    2021: {"list": "2021"},
    2024: {"list": "2024", "in year": "2023-24", "places": "31-march-2024"},
}
# Releases of DfE's first kind: page, archive, its csv, the file here.
FIRST_RELEASES = {
    f"{STATISTICS}/children-looked-after-by-local-authorities-in-england-year-ending-31-march-2011": ("SFR21_CLA", "sfr21-2011"),
    f"{STATISTICS}/children-looked-after-by-local-authorities-in-england-including-adoption-year-ending-31-march-2012": ("SFR20_CLA2012", "sfr20-2012"),
    SFR: ("SFR36_CLA2013", "sfr36-2013"),
    f"{SFR}--2": ("SFR36_CLA2014", "sfr36-2014"),
    f"{SFR}-2014-to-2015": ("SFR34_CLA2015", "sfr34-2015"),
    f"{SFR}-2015-to-2016": ("SFR41_CLA2016", "sfr41-2016"),
    f"{SFR}-2016-to-2017": ("SFR50_CLA2017", "sfr50-2017"),
}  # fmt: skip
# Releases of DfE's second kind: release, title, the publisher's file name, the file here.
SETS = [
    ("2022", "CLA number and rate per 10,000 children", "cla_number_and_rate_per_10k_children.csv", "cla-number-and-rate-per-10k-children-2018-2022.csv"),
    ("2022", "LA of placement", "la_cla_on_31_march_la_of_placement_net_gain.csv", "la-cla-on-31-march-la-of-placement-net-gain-2018-2022.csv"),
    ("2024", "LA of placement", "la_cla_on_31_march_la_of_placement_netgain.csv", "la-cla-on-31-march-la-of-placement-net-gain-2020-2024.csv"),
    ("2022", "Placement stability", "la_cla_at_31_march_placement_stability_indicator.csv", "la-cla-placement-stability-2018-2022.csv"),
    ("2025", "Placement stability", "la_cla_placement_stability.csv", "la-cla-placement-stability-2021-2025.csv"),
    ("2022", "Placement provider", "national_cla_on_31_march_by_placement_provider_and_locality_.csv", "national-cla-on-31-march-by-placement-provider-2018-2022.csv"),
    ("2024", "Placement provider", "national_cla_on_31_march_by_placement_provider_placement_type_and_locality.csv", "national-cla-on-31-march-by-placement-provider-2020-2024.csv"),
    ("2022", "Characteristics", "national_cla_on_31_march_by_characteristics.csv", "national-cla-on-31-march-by-characteristics-2018-2022.csv"),
    ("2024", "Characteristics", "national_cla_on_31_march_by_characteristics.csv", "national-cla-on-31-march-by-characteristics-2020-2024.csv"),
    ("2024", "Social workers", "la_cla_swcount.csv", "la-cla-social-worker-count-2024.csv"),
    ("2024", "Characteristics", "la_cla_on_31_march_by_characteristics.csv", "la_cla_on_31_march_by_characteristics_2020-2024.csv"),
]  # fmt: skip
# What a user gets by hand: series and period on the shelf, the file here.
BY_HAND = [
    ("closed-homes", "2023-03-31", "ofsted/closed-childrens-homes/closed-childrens-homes-at-31-march-2023.csv"),
    ("closed-homes", "2024-03-31", "ofsted/closed-childrens-homes/closed-childrens-homes-at-31-march-2024.csv"),
    ("providers-and-places-2014", "2014-09-30", "ofsted/providers-and-places/providers-and-places-september-2014.csv"),
    ("foi-homes-net-gain", "2024", "dfe/children-looked-after-foi/foi-2024-0040813-part-1.csv"),
    ("foi-homes-out-of-area", "2024", "dfe/children-looked-after-foi/foi-2024-0040813-part-2.csv"),
    ("census-ethnic-group", "2021", "ons/census-2021/census-2021-ethnic-group-20-categories-utla-2023.csv"),
    ("population-0-17", "2012-2024", "ons/mid-year-population/ons-mid-year-population-estimates-0-to-17-2012-to-2024.csv"),
    ("statistical-neighbours", "2021", "dfe/statistical-neighbours/statistical-neighbour-groupings-april-2021.csv"),
    ("statistical-neighbours-lait", "2021", "dfe/statistical-neighbours/lait-sn-april-2021.xlsx"),
    ("statistical-neighbours-lait", "2025", "dfe/statistical-neighbours/lait-sn-may-2025.xlsx"),
    ("statistical-neighbours-wide", "2025", "dfe/statistical-neighbours/sn-model-2025-wide.csv"),
]  # fmt: skip


@dataclass
class OfficialSite:
    """The site, and which real files it offers."""

    publishers: Publishers
    offered: list[str]


def official_site(official: Path) -> OfficialSite:
    """Put the real files behind the publishers' addresses."""
    site = _Builder(official)
    site.ofsted()
    site.education()
    site.others()
    return OfficialSite(site.publishers, site.offered)


class _Builder:
    def __init__(self, official: Path) -> None:
        self.official = official
        self.publishers = Publishers()
        self.offered: list[str] = []

    def read(self, name: str) -> bytes:
        self.offered.append(name)
        return (self.official / name).read_bytes()

    def page(self, path: str, title: str, *files: tuple[str, str, str], **more: Any) -> None:
        self.publishers.add_page(
            path, *((said, name, self.read(file)) for said, name, file in files), title=title, **more
        )

    def ofsted(self) -> None:
        for year, tables in OFSTED.items():
            old = f"Children's social care data in England {year}"
            files = []
            for kind, which in tables.items():
                if kind == "list":
                    name = f"Provider_level_data_as_at_31_March_{year}.csv"
                    files.append(
                        (
                            f"{old}: provider level data as at 31 March {year}",
                            name,
                            f"ofsted/provider-level-at-31-march/provider-level-at-31-march-{which}.csv",
                        )
                    )
                elif kind == "in year":
                    files.append(
                        (
                            f"{old}: provider level data",
                            f"Provider_level_in_year_{which}.csv",
                            f"ofsted/provider-level-in-year/provider-level-in-year-{which}.csv",
                        )
                    )
                elif kind == "movements":
                    files.append(
                        (
                            f"{old}: joiners and leavers",
                            "Joiners_and_leavers.csv",
                            f"ofsted/joiners-and-leavers/joiners-leavers-{which}.csv",
                        )
                    )
                else:
                    files.append(
                        (
                            f"{old}: providers and places",
                            f"Providers+places_at_31_Mar_{year}.csv",
                            f"ofsted/providers-and-places/providers-and-places-{which}.csv",
                        )
                    )
            path = (
                f"{ANNUAL}-{year}" if year < 2024 else f"{STATISTICS}/childrens-social-care-in-england-{year}"
            )
            if year == 2020:
                path = "government/publications/childrens-social-care-data-in-england-2020"
            self.page(path, old, *files, public_updated_at=f"{year}-07-16T09:30:00.000+01:00")
        for year in (2022, 2023):
            name = f"Childrens_social_care_in_England_{year}_underlying_data.ods"
            file = f"ofsted/underlying-data-workbooks/childrens-social-care-in-england-{year}-underlying-data.ods"
            title = f"Children's social care in England {year}: underlying data"
            self.page(
                f"{ANNUAL}-{year}", title, (title, name, file), public_updated_at=f"{year}-07-06T09:30:00Z"
            )
        autumn = "local-authority-and-childrens-homes-in-england-inspections-and-outcomes-autumn-2023"
        self.page(
            f"{STATISTICS}/{autumn}",
            "Local authority and children's homes in England inspections and outcomes: autumn 2023",
            (
                "Provider level at 31 August 2023",
                "Provider_level_at_31_Aug_2023.csv",
                "ofsted/provider-level-at-31-august/provider-level-at-31-august-2023.csv",
            ),
            (
                "Providers and places at 31 August 2023",
                "Providers_places_at_31_Aug_2023.csv",
                "ofsted/providers-and-places/providers-and-places-31-august-2023.csv",
            ),
        )
        self.page(
            f"{STATISTICS}/local-authority-inspection-outcomes-as-at-31-march-2024",
            "Local authority inspection outcomes as at 31 March 2024",
            (
                "LA inspection outcomes as at March 2024",
                "LA_Inspection_Outcomes_as_at_March_2024.ods",
                "ofsted/la-inspection-outcomes/la-inspection-outcomes-as-at-31-march-2024.ods",
            ),
        )
        self.quarters()
        self.publishers.pages[COLLECTION] = page(
            COLLECTION,
            schema_name="document_collection",
            links={
                "documents": [
                    {"title": item["title"], "base_path": item["base_path"]}
                    for item in self.publishers.pages.values()
                    if isinstance(item, dict)
                ]
            },
        )

    def quarters(self) -> None:
        """Two files that stand in the text of one page, one of them under its old address."""
        links = []
        for words, name, file in (
            ("January to March 2014", "Childrens_homes_inspections_Jan_to_Mar_2014.csv", "jan-mar"),
            ("April to June 2014", "Childrens_homes_inspections_Apr_to_Jun_2014.csv", "apr-jun"),
        ):
            url = f"https://{ASSETS}/media/52d6aa40e5274a7f5a000001/{name}"
            content = self.read(f"ofsted/provider-level-in-year/childrens-homes-inspections-2014-{file}.csv")
            self.publishers.add_file(url, content)
            links.append(
                f'<p><a href="{url}">Inspections, {words}</a> <a href="{url}/preview">View online</a></p>'
            )
        path = "government/statistical-data-sets/quarterly-management-information-ofsteds-childrens-homes-inspection-outcomes"
        self.publishers.pages[path] = page(
            path, schema_name="statistical_data_set", title="Quarterly", details={"body": "".join(links)}
        )

    def education(self) -> None:
        for path, (name, file) in FIRST_RELEASES.items():
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(
                    f"Underlying Data/{name}.csv", self.read(f"dfe/children-looked-after-sfr/{file}-cla.csv")
                )
                archive.writestr(
                    f"Underlying Data/{name.replace('CLA', 'AD')}.csv", b"New_geog_code,AD_All\nE92000001,1\n"
                )
            title = "Children looked after in England, including adoption"
            self.publishers.add_page(
                path,
                (f"{name[:5]}: underlying data", f"{name[:5]}_Underlying_data.zip", out.getvalue()),
                title=title,
            )
        for year, file in (("2015", "sfr07-2016"), ("2016", "sfr08-2017")):
            name = f"{file.upper().replace('-', '_')}_UD.csv"
            self.page(
                f"{STATISTICS}/childrens-social-work-workforce-{year}",
                "Workforce",
                ("Underlying data", name, f"dfe/social-work-workforce/{file}-underlying-data.csv"),
            )
        for number, (release, title, name, file) in enumerate(SETS):
            self.data_file(CLA, number, release, title, name, f"dfe/children-looked-after-ees/{file}")
        self.data_set()
        self.publishers.publications = [
            {"id": WORKFORCE, "slug": "children-s-social-work-workforce", "title": "Workforce"}
        ]
        self.data_file(
            WORKFORCE,
            99,
            "2025",
            "Indicators",
            "csww_indicators_2017_to_2025.csv",
            "dfe/social-work-workforce/csww-indicators-2017-to-2025.csv",
        )

    def data_file(
        self, publication: str, number: int, release: str, title: str, name: str, file: str
    ) -> None:
        key = f"00000000-0000-4000-8000-{number:012d}"
        self.publishers.data_files.setdefault(publication, []).append(
            {"id": key, "title": title, "filename": name, "release": {"slug": release}, "published": f"{release}-11-20T09:30:00Z"}
        )  # fmt: skip
        self.publishers.add_file(f"https://{EES_CONTENT}/api/data-set-files/{key}/download", self.read(file))

    def data_set(self) -> None:
        """One data set of the public API, in two versions."""
        key = "00000000-0000-4000-8000-0000000000aa"
        self.publishers.data_sets[CLA] = [
            {"id": key, "title": "CLA number and rate per 10k children", "status": "Published"}
        ]
        self.publishers.versions[key] = [
            {
                "version": number,
                "status": "Published",
                "published": "2025-11-26T09:30:00Z",
                "release": {"slug": "2025"},
            }
            for number in ("1.0", "1.1")
        ]
        content = self.read(
            "dfe/children-looked-after-ees/cla-number-and-rate-per-10k-children-2021-2025.csv"
        )
        self.publishers.add_file(
            f"https://{EES_API}/statistics/v1/data-sets/{key}/csv?dataSetVersion=1.1", content
        )

    def others(self) -> None:
        self.page(
            f"{STATISTICS}/english-indices-of-deprivation-2019",
            "English indices of deprivation 2019",
            (
                "File 11: upper-tier local authority summaries",
                "File_11_-_IoD2019_Local_Authority_District_Summaries__upper-tier__.csv",
                "mhclg/indices-of-deprivation-2019/iod2019-file-11-upper-tier-imd.csv",
            ),
        )
        for service, file in (
            ("LTLA22_UTLA22_EW_LU", "december-2022"),
            ("LTLA23_UTLA23_EW_LU", "april-2023"),
        ):
            text = self.read(f"ons/geography-lookups/ltla-to-utla-{file}.csv").decode("utf-8-sig")
            rows = [
                {name: cell or None for name, cell in row.items()}
                for row in csv.DictReader(io.StringIO(text))
            ]
            self.publishers.add_service(service, rows)
        boundaries = "Counties_and_Unitary_Authorities_December"
        for service, file in (
            (f"{boundaries}_2019_Boundaries_UK_UGCB", "ctyua-december-2019-ugcb-uk"),
            (f"{boundaries}_2023_Boundaries_UK_BSC", "ctyua-december-2023-bsc-uk"),
            ("Regions_December_2023_Boundaries_EN_BUC", "regions-december-2023-buc-england"),
        ):
            features = json.loads(self.read(f"ons/boundaries/{file}.geojson"))["features"]
            shapes = [feature["geometry"] for feature in features]
            self.publishers.add_service(service, [feature["properties"] for feature in features], shapes)
        # The services send fewer than are asked for, and say so.
        self.publishers.per_page = 200
