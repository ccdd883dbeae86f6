from decimal import Decimal

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.tables.limit_tables import LimitTables, load_limits
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.plans.tables.rows import Basis, Bound, Part

HEAD = "row,class,use,part,bound,days,fraction,basis,above,up_to,source,edition,year,state\n"
SOURCED = ",design,2025,2025,default\n"
DURATION = "made,opioid,any,duration,hard,1095,,,," + SOURCED


@pytest.fixture(scope="module")
def found() -> LimitTables:
    return load_limits()


def test_every_row_of_all_four_tables_has_a_source_and_a_state(found: LimitTables) -> None:
    places = found.sources()

    assert len(places) == sum(len(row.limits) + 1 for row in found.rows.values()) + len(found.unit_rules) + len(found.protocols) + len(
        found.settings
    )
    assert all(source.name and source.edition and source.year for _, source in places)


@pytest.mark.parametrize(
    ("drug_class", "use", "row"),
    [
        (DrugClass.BENZODIAZEPINE, ">=1y", "benzodiazepine"),
        (DrugClass.Z_DRUG, "<1m", "z-drug"),
        (DrugClass.OPIOID, "<1m", "opioid-1m"),
        (DrugClass.OPIOID, "1m-1y", "opioid-1m-1y"),
        (DrugClass.OPIOID, ">=1y", "opioid-1y"),
    ],
)
def test_the_default_row_is_by_class_and_duration_of_use(found: LimitTables, drug_class: DrugClass, use: str, row: str) -> None:
    default = found.default_row(drug_class, use)

    assert default is not None
    assert default.row == row


def test_other_classes_have_no_row(found: LimitTables) -> None:
    assert found.default_row(DrugClass.GABAPENTINOID, ">=1y") is None


def test_the_default_rows_hold_the_numbers_of_the_design(found: LimitTables) -> None:
    def limits(row: str, bound: Bound) -> set[tuple[Part, int, Decimal, Basis]]:
        return {(one.part, one.days, one.fraction, one.basis) for one in found.rows[row].limits if one.bound is bound}

    tail = (Part.TAIL, 14, Decimal("0.25"), Basis.WINDOW)
    assert limits("benzodiazepine", Bound.HARD) == {tail, (Part.CEILING, 14, Decimal("0.27"), Basis.ORIGINAL)}
    assert limits("benzodiazepine", Bound.ADVISED) == {(Part.PACE, 14, Decimal("0.10"), Basis.WINDOW)}
    assert limits("z-drug", Bound.HARD) == {tail}
    assert limits("opioid-1y", Bound.HARD) == {tail, (Part.PACE, 28, Decimal("0.20"), Basis.ORIGINAL)}
    assert limits("opioid-1y", Bound.ADVISED) == {(Part.PACE, 28, Decimal("0.10"), Basis.ORIGINAL)}
    assert limits("opioid-1m-1y", Bound.ADVISED) == {tail}
    assert limits("opioid-1m", Bound.HARD) == {(Part.PACE, 2, Decimal("0.20"), Basis.ORIGINAL)}


def test_every_benzodiazepine_row_has_the_class_ceiling(found: LimitTables) -> None:
    rows = [row for row in found.rows.values() if row.drug_class is DrugClass.BENZODIAZEPINE]

    assert all(any(limit.part is Part.CEILING and limit.bound is Bound.HARD for limit in row.limits) for row in rows)


def test_the_unit_rule_of_opioids_is_at_most_fifteen_mme(found: LimitTables) -> None:
    factors = {
        "oxycodone": "1.5",
        "morphine": "1",
        "hydromorphone": "5",
        "methadone": "4.7",
        "tramadol": "0.2",
        "codeine": "0.15",
        "tapentadol": "0.4",
    }

    for ingredient, factor in factors.items():
        assert Decimal("14.9") < found.unit_rules[ingredient].unit_max_mg * Decimal(factor) <= 15


def test_an_ingredient_without_a_row_has_no_unit_rule(found: LimitTables) -> None:
    assert "temazepam" not in found.unit_rules


def test_a_row_without_a_source_is_refused() -> None:
    with pytest.raises(TableError, match=r"unit_rule.csv:2: no state"):
        load_limits(units_text="ingredient,unit_max_mg,source,edition,year,state\ndiazepam,1,design,2025,2025,\n")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("made,opioid,any,pace,hard,14,1.2,original,," + SOURCED + DURATION, "fraction"),
        ("made,opioid,any,pace,hard,14,0,original,," + SOURCED + DURATION, "fraction"),
        ("made,opioid,any,pace,hard,0,0.1,original,," + SOURCED + DURATION, "days"),
        ("made,opioid,any,pace,soft,14,0.1,original,," + SOURCED + DURATION, "soft"),
        ("made,opioid,any,pace,hard,14,0.1,current,," + SOURCED + DURATION, "current"),
        ("made,opiates,any,pace,hard,14,0.1,original,," + SOURCED + DURATION, "opiates"),
        ("made,opioid,long,pace,hard,14,0.1,original,," + SOURCED + DURATION, "long"),
        ("made,opioid,any,pace,advised,14,0.1,original,," + SOURCED + DURATION, "no hard limit"),
        ("made,opioid,any,pace,hard,14,0.1,original,," + SOURCED, "duration"),
        ("made,opioid,any,pace,hard,14,0.1,original,," + SOURCED + "made,opioid,<1m,duration,hard,9,,,," + SOURCED, "does not fit"),
    ],
)
def test_limits_that_make_no_sense_are_refused(lines: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        load_limits(limits_text=HEAD + lines)


def protocol(**changed: str) -> str:
    fields = {
        "title": '"t"',
        "strategy": '"linear"',
        "limits": '"default"',
        "source": '"s"',
        "edition": '"e"',
        "year": '"2025"',
        "state": '"read"',
    }
    return "[made]\n" + "\n".join(f"{name} = {value}" for name, value in {**fields, **changed}.items())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"speed": "3"}, "unknown speed"),
        ({"strategy": '"magic"'}, "not one that exists"),
        ({"limits": '"nowhere"'}, "not one that exists"),
        ({"split": '"odd"'}, "not one that exists"),
        ({"demands": '"money"'}, "not one that exists"),
        ({"bands": '[[0, 0, "mg", 14, 0]]'}, "cannot be meant"),
        ({"bands": '[[0, 1, "spoon", 14, 0]]'}, "cannot be meant"),
        ({"bands": '[[0, 1, "mg", 14]]'}, "band"),
        ({"applies": "{ weather = 1 }"}, "weather"),
        ({"source": '""'}, "no source"),
    ],
)
def test_protocols_that_make_no_sense_are_refused(changed: dict[str, str], says: str) -> None:
    with pytest.raises(TableError, match=says):
        load_limits(protocols_text=protocol(**changed))


def test_a_setting_that_is_missing_is_an_error_that_names_it(found: LimitTables) -> None:
    with pytest.raises(TableError, match="nowhere"):
        found.setting("nowhere")
    with pytest.raises(TableError, match="nothing"):
        found.setting("grid").number("nothing")


def test_each_table_has_an_edition_and_the_hash_of_its_bytes(found: LimitTables) -> None:
    assert [edition.table for edition in found.editions] == ["limits.csv", "unit_rule.csv", "protocols.toml", "strategies.toml"]
    assert all(edition.edition and len(edition.sha256) == 64 for edition in found.editions)
    assert "# edition:" in text_of("limits.csv")
