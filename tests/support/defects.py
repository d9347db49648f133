"""An edition with one defect: what is written in the place of what in beijing/1, and words that the
message about it must hold.
"""

from __future__ import annotations

__all__ = ["DEFECTS"]

DEFECTS: dict[str, tuple[str, str, list[str]]] = {
    "an unknown key": ("title: ", "titel: ", ["titel"]),
    "an unknown key in a section": (
        "cycle_years: 1\n  cycle_article: 第四条",
        "cycle_years: 1\n  grace: 3\n  cycle_article: 第四条",
        ["grace"],
    ),
    "a key twice": (
        "failing: 不合格\n",
        "failing: 不合格\n  failing: 不合格\n",
        ["failing", "twice"],
    ),
    "a decimal without quotes": ('low: "90"', "low: 90.5", ["90.5", "quotes"]),
    "a word for a number": ('low: "90"', "low: ninety", ["grades"]),
    "not a number": ('low: "90"', 'low: "NaN"', ["grades"]),
    "an endless number": ('low: "90"', 'low: "Infinity"', ["grades"]),
    "a gap": (
        'word: 良好, low: "70"',
        'word: 良好, low: "71"',
        ["evaluation/grades", "gap", "70", "71"],
    ),
    "an overlap": (
        'word: 良好, low: "70", high: "90"',
        'word: 良好, low: "70", high: "91"',
        ["evaluation/grades", "overlap", "良好", "优秀", "90"],
    ),
    "an overlap in one point": (
        'word: 良好, low: "70", high: "90"',
        'word: 良好, low: "70", high: "90", high_included: "true"',
        ["evaluation/grades", "overlap", "90"],
    ),
    "a gap in one point": (
        'word: 优秀, low: "90"',
        'word: 优秀, low: "90", low_included: "false"',
        ["evaluation/grades", "gap at 90"],
    ),
    "nothing above a hundred": (
        'word: 优秀, low: "90"',
        'word: 优秀, low: "90", high: "100"',
        ["evaluation/grades", "highest"],
    ),
    "nothing below zero": (
        'word: 不合格, high: "60"',
        'word: 不合格, low: "0", high: "60"',
        ["evaluation/grades", "lowest"],
    ),
    "a grade twice": ("word: 良好", "word: 优秀", ["evaluation/grades"]),
    "no such day": (
        "{kind: not_filed}",
        "{kind: not_filed, month_day: 04-31}",
        ["revocation/grounds/14.2/when/0/month_day", "04-31"],
    ),
    "no day of its own to bind": (
        "lookback:\n    years: 3",
        "deadline_from: month_day\n  lookback:\n    years: 3",
        ["designation", "deadline_month_day is missing"],
    ),
    "no such failing grade": ("failing: 不合格", "failing: 差", ["evaluation/failing", "差"]),
    "no such commended grade": (
        "commendation: {grades: [优秀, 良好]",
        "commendation: {grades: [优秀, 合格]",
        ["evaluation/commendation", "合格"],
    ),
    "no such counted grade": ("grades: [不合格]", "grades: [差]", ["failed_evaluations", "差"]),
    "a ground without ban": (
        "no_ban: 第十五条未规定第（八）项",
        "note: 第十五条",
        ["revocation/grounds/14.8", "ban"],
    ),
    "no such counter": (
        "when: [{kind: failed_run, counter: failed_evaluations}]",
        "when: [{kind: failed_run, counter: failures}]",
        ["revocation/grounds/14.1", "failures"],
    ),
    "a ground without facts": (
        "when: [{kind: not_filed}]",
        "when: []",
        ["revocation/grounds/14.2"],
    ),
    "no such fact": (
        "facts: [false_materials]",
        "facts: [forgery]",
        ["revocation/grounds/14.3", "forgery"],
    ),
    "no such look-back fact": (
        "smuggling: 第六条（一）",
        "piracy: 第六条（一）",
        ["lookback", "piracy"],
    ),
    "no such stage": ("stage: completeness", "stage: tasting", ["reviews", "tasting"]),
    "no such kind of ground": (
        "kind: not_filed",
        "kind: not_sent",
        ["revocation/grounds/14.2", "kind"],
    ),
    "no such act": (
        "CenterDesignated: 第三条",
        "CenterPraised: 第三条",
        ["joint_acts", "CenterPraised"],
    ),
    "no such interpretation": (
        "reads: [bj.revoke.lookback]",
        "reads: [bj.revoke.window]",
        ["bj.revoke.window"],
    ),
    "no such default": (
        "default: post_designation",
        "default: ever",
        ["bj.revoke.lookback", "ever"],
    ),
    "a default that changes": (
        "longest: {}, sum:",
        "longest: {revocation/multiple: sum}, sum:",
        ["ban.multi_ground", "change nothing"],
    ),
    "a path to nowhere": (
        "sum: {revocation/multiple: sum}",
        "sum: {revocations/multiple: sum}",
        ["ban.multi_ground", "revocations/multiple"],
    ),
    "a path to no field": (
        "sum: {revocation/multiple: sum}",
        "sum: {revocation/multipel: sum}",
        ["ban.multi_ground", "multipel"],
    ),
    "a path to a wrong value": (
        "sum: {revocation/multiple: sum}",
        "sum: {revocation/multiple: most}",
        ["ban.multi_ground", "most"],
    ),
    "a path beyond a list": (
        "sum: {revocation/multiple: sum}",
        "sum: {evaluation/grades/9: ~}",
        ["ban.multi_ground", "evaluation/grades/9"],
    ),
    "a path into a list": (
        "sum: {revocation/multiple: sum}",
        "sum: {evaluation/grades/x: ~}",
        ["ban.multi_ground", "evaluation/grades/x"],
    ),
    "a reading that tears a gap": (
        "sum: {revocation/multiple: sum}",
        'sum: {evaluation/grades/0/low: "91"}',
        ["ban.multi_ground", "90", "91"],
    ),
    "another scheme": ("edition: beijing/1", "edition: peking/1", ["peking"]),
    "no edition id": ("edition: beijing/1", "edition: beijing", ["edition"]),
    "no such day in force": (
        "first_day_earliest: 2018-11-01",
        "first_day_earliest: 2018-11-31",
        ["2018-11-31"],
    ),
    "a chapter missing": ("evaluation:\n", "evaluation: ~\nassessment:\n", ["evaluation"]),
    "no YAML at all": ("title: ", "title: [", ["YAML"]),
    "an empty band": (
        'word: 良好, low: "70", high: "90"',
        'word: 良好, low: "90", high: "90"',
        ["良好", "covers no score"],
    ),
    "a band turned round": (
        'word: 良好, low: "70", high: "90"',
        'word: 良好, low: "90", high: "70"',
        ["良好", "covers no score"],
    ),
    "two bands without end": (
        'word: 良好, low: "70", high: "90"',
        'word: 良好, low: "70"',
        ["良好", "优秀", "unbounded"],
    ),
    "two bands without beginning": (
        'word: 基本合格, low: "60", high: "70"',
        'word: 基本合格, high: "70"',
        ["不合格", "基本合格", "unbounded"],
    ),
    "a closed end and a gap": (
        'word: 良好, low: "70", high: "90"',
        'word: 良好, low: "70", high: "89.5", high_included: "true"',
        ["gap (89.5, 90)"],
    ),
    "a gap without its ends": (
        'word: 优秀, low: "90"',
        'word: 优秀, low: "91", low_included: "false"',
        ["gap [90, 91]"],
    ),
    "a warning band turned round": (
        "  commendation: {grades",
        '  warning: {article: 甲, low: "65", low_included: true, high: "64", high_included: true}\n'
        "  commendation: {grades",
        ["evaluation/warning", "before it begins"],
    ),
    "a counter of a band without low": (
        "counts: grade\n      grades: [不合格]",
        'counts: band\n      high: "65"',
        ["failed_evaluations", "low and high"],
    ),
    "a counter of a band without high": (
        "counts: grade\n      grades: [不合格]",
        'counts: band\n      low: "60"',
        ["failed_evaluations", "low and high"],
    ),
    "a counter of returns without kind": (
        "counts: grade\n      grades: [不合格]",
        "counts: return",
        ["failed_evaluations", "return_kind"],
    ),
    "a counter of grades without grades": (
        "counts: grade\n      grades: [不合格]",
        "counts: grade",
        ["failed_evaluations", "needs grades"],
    ),
    "a ground of returns without counter": (
        "{kind: not_filed}",
        "{kind: returns_missed, counter: returns}",
        ["revocation/grounds/14.2", "returns"],
    ),
    "a fact as joint act": (
        "CenterDesignated: 第三条",
        "FactEstablished: 第三条",
        ["authority/joint_acts", "FactEstablished"],
    ),
    "joint acts without signers": (
        "  signers: [北京市经济和信息化局]\n",
        "",
        ["authority/signers"],
    ),
    "no such failing fact": (
        "  commendation: {grades",
        "  facts_fail: {article: 甲, facts: [forgery, false_materials]}\n  commendation: {grades",
        ["evaluation/facts_fail/facts", "forgery"],
    ),
    "two facts that are none": (
        "facts: [quality_accident, safety_accident]",
        "facts: [piracy, forgery]",
        ["revocation/grounds/14.4", "forgery"],
    ),
    "an end before the beginning": (
        "first_day: ~\n  first_day_earliest: 2018-11-01\n  last_day: ~",
        "first_day: 2018-11-01\n  last_day: 2018-10-31",
        ["in_force", "before the first"],
    ),
    "a result of no day": (
        "  deadline_article: 第八条（一）\n",
        "  deadline_article: 第八条（一）\n  result: {working_days: 20, article: 甲, after: day}\n",
        ["designation/result", "month_day is missing"],
    ),
    "a grade of no day": (
        "  commendation: {grades",
        "  result: {working_days: 20, article: 甲, after: day}\n  commendation: {grades",
        ["evaluation/result", "month_day is missing"],
    ),
    "a result of no such day": (
        "  commendation: {grades",
        "  result: {working_days: 20, article: 甲, after: day, month_day: 13-01}\n"
        "  commendation: {grades",
        ["evaluation/result/month_day", "13-01"],
    ),
    "a day of one figure": (
        "{kind: not_filed}",
        "{kind: not_filed, month_day: 4-30}",
        ["revocation/grounds/14.2/when/0/month_day", "4-30"],
    ),
    "a day and more": (
        "{kind: not_filed}",
        "{kind: not_filed, month_day: 04-30日}",
        ["revocation/grounds/14.2/when/0/month_day", "04-30日"],
    ),
    "a day of zeros": (
        "{kind: not_filed}",
        "{kind: not_filed, month_day: 00-00}",
        ["revocation/grounds/14.2/when/0/month_day", "00-00"],
    ),
    "a look-back of no such day": (
        "lookback:\n    years: 3",
        "lookback:\n    month_day: 02-30\n    years: 3",
        ["designation/lookback/month_day", "02-30"],
    ),
    "a number that is no pattern": (
        "changes: {working_days",
        'certificate: {article: 甲, years: 3, pattern: "(", example: "1"}\nchanges: {working_days',
        ["certificate/pattern", "regular expression"],
    ),
    "a number off its pattern": (
        "changes: {working_days",
        'certificate: {article: 甲, years: 3, pattern: "[0-9]", example: "10"}\n'
        "changes: {working_days",
        ["certificate/example", "does not follow"],
    ),
    "renewed for no grade": (
        "changes: {working_days",
        'certificate: {article: 甲, years: 3, pattern: "1", example: "1", renewed_for: [差]}\n'
        "changes: {working_days",
        ["certificate/renewed_for", "差"],
    ),
    "unknown where nothing is": (
        "document: ~\n",
        "document: ~\nunknown: {designation/nonsense: 甲}\n",
        ["unknown/designation/nonsense", "cannot be called unknown"],
    ),
    "the ban of an unknown ground": (
        "document: ~\n",
        "document: ~\nunknown: {revocation/grounds/99/ban: 甲}\n",
        ["unknown/revocation/grounds/99/ban", "cannot be called unknown"],
    ),
    "given and unknown": (
        "document: ~\n",
        "document: ~\nunknown: {designation/publicity: 甲}\n",
        ["unknown/designation/publicity", "at once"],
    ),
    "a ban given and unknown": (
        "document: ~\n",
        "document: ~\nunknown: {revocation/grounds/14.1/ban: 甲}\n",
        ["unknown/revocation/grounds/14.1/ban", "at once"],
    ),
    "unknown without a reason": (
        "document: ~\n",
        'document: ~\nunknown: {certificate: " "}\n',
        ["unknown/certificate", "why it is not at hand"],
    ),
    "no word on the look-back": (
        "  lookback:\n    years: 3\n    article: 第六条\n"
        "    facts:\n      smuggling: 第六条（一）\n      customs_penalty: 第六条（一）\n"
        "      tax_evasion: 第六条（二）\n      serious_discredit: 第六条（三）\n"
        "    reads: [lookback.anchor_fact, lookback.bounds]\n",
        "",
        ["designation/lookback", "say what the regulation has here"],
    ),
    "no word on changes": (
        "changes: {working_days: 30, article: 第十三条, "
        "reads: [time.workday_calendar, rename.late.effect]}\n",
        "",
        ["changes", "say what the regulation has here"],
    ),
    "no word on who interprets": (
        "  interprets: [北京市经济和信息化局]\n",
        "",
        ["authority/interprets", "say what the regulation has here"],
    ),
    "no word on the reviews": (
        "  reviews:\n    - {stage: completeness, article: 第八条（二）}\n"
        "    - {stage: verification, article: 第八条（三）}\n",
        "",
        ["designation/reviews", "say what the regulation has here"],
    ),
    "no article on admission": (
        "  admission_article: 第八条（二）\n",
        "",
        ["designation/admission_article"],
    ),
    "no article on a proposal": (
        "  proposal_article: 第八条（三）\n",
        "",
        ["designation/proposal_article"],
    ),
    "no article on a refusal": (
        "  refusal_article: 第八条（二）\n",
        "",
        ["designation/refusal_article"],
    ),
    "no article on a ban": ("  ban_article: 第十五条\n", "", ["designation/ban_article"]),
    "no article on who interprets": (
        "  interprets_article: 第十九条\n",
        "",
        ["authority", "interprets_article is missing"],
    ),
    "no article on the cycle": (
        "  cycle_years: 1\n  cycle_article: 第四条\n",
        "  cycle_years: 1\n",
        ["designation", "cycle_article is missing"],
    ),
    "no word on the cycle": (
        "  cycle_years: 1\n  cycle_article: 第九条\n",
        "",
        ["evaluation/cycle_years", "say what the regulation has here"],
    ),
    "a reading of the wrong shape": (
        "calendar_years: {evaluation/counters/failed_evaluations/gap: reset}",
        "calendar_years: {evaluation/counters/failed_evaluations/limit: many}",
        ["bj.consec.unit", "evaluation/counters/failed_evaluations/limit", "many"],
    ),
    "a reading that names no counter": (
        "three_years: {revocation/grounds/14.8/ban: {years: 3, article: 第十五条}}",
        "three_years: {revocation/grounds/14.8/when: [{kind: failed_run, counter: runs}]}",
        ["bj.ban.dissolution", "revocation/grounds/14.8", "runs"],
    ),
    "a ground of no kind": (
        "{kind: not_filed}",
        "{grace_days: 3}",
        ["revocation/grounds/14.2/when/0", "name its kind"],
    ),
    "a ground that is a word": (
        "when: [{kind: not_filed}]",
        "when: [not_filed]",
        ["revocation/grounds/14.2/when/0", "name its kind"],
    ),
    "a list that is a word": (
        "signers: [北京市经济和信息化局]",
        "signers: 北京市经济和信息化局",
        ["authority/signers", "a list is needed"],
    ),
    "a section that is a list": (
        "changes: {working_days: 30, article: 第十三条, "
        "reads: [time.workday_calendar, rename.late.effect]}",
        "changes: [30]",
        ["changes", "a mapping is needed"],
    ),
    "a table that is a list": (
        "joint_acts: {CenterDesignated: 第三条, CenterRevoked: 第三条}",
        "joint_acts: [CenterDesignated]",
        ["authority/joint_acts", "a mapping is needed"],
    ),
    "a text that is a table": (
        "title: 北京市企业技术中心建设管理办法",
        "title: {zh: 北京}",
        ["title", "a text is needed here", "{…}"],
    ),
    "a text that is a list": (
        "title: 北京市企业技术中心建设管理办法",
        "title: [北京]",
        ["title", "a text is needed here", "[…]"],
    ),
    "a text that is nothing": (
        "title: 北京市企业技术中心建设管理办法",
        "title: ~",
        ["title", "a text is needed here", "~"],
    ),
    "a number below zero": (
        "cycle_years: 1",
        "cycle_years: -1",
        ["designation/cycle_years", "whole number"],
    ),
    "half a year": (
        "cycle_years: 1",
        'cycle_years: "1.5"',
        ["designation/cycle_years", "whole number"],
    ),
    "neither true nor false": (
        "notice_exempts: true",
        "notice_exempts: perhaps",
        ["evaluation/notice_exempts", "true or false"],
    ),
    "no such industry": (
        'industries: {construction: "150000"}',
        'industries: {piracy: "150000"}',
        ["industries", "piracy"],
    ),
    "a number as a key of no table": (
        'at_least: "1000", unit: 万元',
        "at_least: [], unit: 万元",
        ["designation/conditions/1/at_least", "number in quotes"],
    ),
    "a key that is a list": ("document: ~\n", "document: ~\n? [a]\n: b\n", ["a key must be text"]),
    "several at once": (
        "title: 北京市企业技术中心建设管理办法\ndocument: ~\n",
        "titel: 北京\ndocument: ~\nscheme: beijing\nhight: 1.5\n",
        ["titel"],
    ),
}
