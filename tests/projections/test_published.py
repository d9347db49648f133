from __future__ import annotations

from datetime import date
from decimal import Decimal
from hashlib import sha256

import orjson

from ledger.ruling import Ban, Cite, CounterRule
from projections.center import (
    CenterState,
    Certificate,
    Evaluation,
    FormerName,
    Result,
    Warned,
    new_center,
)
from projections.published import published_status, status_digest

EMPTY = (
    b'{"ban":null,"center":"xian/id:a","certificate":null,"counters":{},"designated_on":null,'
    b'"entries":0,"format":"taizhang-status/v1","former_names":[],"grounds":[],'
    b'"last_evaluation":null,"name":null,"position":-1,"revoked_on":null,"status":"none",'
    b'"warned_on":null}'
)


def _full() -> CenterState:
    cite = Cite(edition="xian/2016", article="第二十二条")
    result = Result("不合格", True, False, Decimal("59.50"), date(2019, 9, 2), 7, "xian/2016")
    return CenterState(
        "xian/id:a",
        name="西安示例有限公司",
        former_names=(FormerName("西安旧名有限公司", date(2018, 5, 1)),),
        standing="revoked",
        designated_on=date(2017, 9, 1),
        designated=1,
        revoked_on=date(2019, 12, 16),
        grounds=("16.2",),
        ban=Ban(
            start=date(2019, 12, 16),
            last_day=date(2022, 12, 16),
            first_eligible_day=date(2022, 12, 17),
            years=3,
            grounds=("16.2",),
            cite=cite,
        ),
        counting=(CounterRule(name="missed_bulletins", limit=2, counts="return"),),
        evaluations=(Evaluation("xian:evaluation:2019", 2019, result=result),),
        warning=Warned(date(2018, 9, 3), "xian:evaluation:2018", cite, 5),
        certificate=Certificate("西JSZX-24-2017-001", date(2017, 9, 1), date(2019, 9, 1), 2),
        entries=9,
        position=12,
    )


FULL = (
    '{"ban":{"first_eligible_day":"2022-12-17","from":"2019-12-16","grounds":["16.2"],'
    '"last_day":"2022-12-16"},"center":"xian/id:a","certificate":{"number":"西JSZX-24-2017-001",'
    '"valid_until":"2019-09-01"},"counters":{"missed_bulletins":{"count":0,"limit":2,"rounds":[]}},'
    '"designated_on":"2017-09-01","entries":9,"format":"taizhang-status/v1","former_names":'
    '[{"name":"西安旧名有限公司","until":"2018-05-01"}],"grounds":["16.2"],"last_evaluation":'
    '{"grade":"不合格","round":"xian:evaluation:2019","score":"59.50"},"name":"西安示例有限公司",'
    '"position":12,"revoked_on":"2019-12-16","status":"revoked","warned_on":"2018-09-03"}'
).encode()


def test_nothing_known_has_its_bytes() -> None:
    """The status of a center nothing is known of is, byte for byte, what version 1 says."""
    assert published_status(new_center("xian/id:a")) == EMPTY


def test_every_field_has_its_bytes() -> None:
    """A status with everything in it is, byte for byte, what version 1 says."""
    assert published_status(_full()) == FULL


def test_bytes_are_canonical() -> None:
    """Read and written again with sorted members, the bytes are the same."""
    assert orjson.dumps(orjson.loads(FULL), option=orjson.OPT_SORT_KEYS) == FULL


def test_digest_is_of_the_bytes() -> None:
    """The digest a seal commits to is the SHA-256 of the document."""
    assert status_digest(_full()) == sha256(FULL).digest()
