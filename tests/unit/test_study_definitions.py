"""Every shipped study loads, and each rule of its shape refuses what breaks it."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from ofsight.definitions.study import Analysis, StudyDefinition, list_studies, load_study
from ofsight.study.analyses import ANALYSES


def _faulty(**changes: Any) -> dict[str, Any]:
    return load_study("outsourcing-2022").model_dump(by_alias=True) | changes


@pytest.mark.parametrize("name", list_studies())
def test_every_study_loads_and_its_analyses_are_there(name: str) -> None:
    study = load_study(name)
    assert study.id == name
    assert set(study.analyses) <= set(ANALYSES)
    assert study.model(study.shown).outcomes
    assert study.cautions


def test_every_analysis_that_a_definition_may_name_exists() -> None:
    assert set(get_args(Analysis)) == set(ANALYSES)


def test_the_paper_s_numbers_stand_beside_its_study_alone() -> None:
    assert len(load_study("outsourcing-2022").published) == 109
    assert load_study("outsourcing-latest").published == ()
    assert set(list_studies()) == {"outsourcing-2022", "outsourcing-latest"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shown": "fantasy"}, "no model 'fantasy'"),
        ({"analyses": ["guesswork"]}, "analyses"),
        ({"extra": 1}, "extra"),
        ({"authority_models": [{"outcome": "adoption", "label": "x", "location": ["profit"]}]}, "outcome"),
        ({"pause": {"from": "2020-03-17"}}, "to"),
    ],
)
def test_a_definition_that_breaks_a_rule_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StudyDefinition.model_validate(_faulty(**changes))


def test_two_published_numbers_of_one_name_are_refused() -> None:
    numbers = [number.model_dump() for number in load_study("outsourcing-2022").published[:1]] * 2
    with pytest.raises(ValidationError, match="share an id"):
        StudyDefinition.model_validate(_faulty(published=numbers))
