import pytest

from backchannel.protocol.include import Include, include_of_query

OVERALL, TIMELINE = "conversation_quality_overall", "conversation_quality_timeline"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Include()),
        (f"include[]={OVERALL}", Include(quality_overall=True)),
        (f"include%5B%5D={TIMELINE}", Include(quality_timeline=True)),
        (f"include%5b%5d={TIMELINE}&include[]={OVERALL}", Include(True, True)),
        ("include=evidence", Include(evidence=True)),
        (f"include[]={OVERALL}&include[]={OVERALL}", Include(quality_overall=True)),
        ("include[]=mind_reading&colour=red&include[]=", Include()),
        (f"include[]={OVERALL},{TIMELINE}", Include()),
        (f"Include[]={OVERALL}", Include()),
        ("include[]=%ff%fe&&&=&;", Include()),
    ],
)
def test_include_flags_of_a_query_string(query: str, expected: Include) -> None:
    assert include_of_query(query) == expected
