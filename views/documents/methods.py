"""How the figures of a plan are made: in words, from which factors with which ranges, and from which data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

import energy
from energy.climate_plans.investment_plan import InvestmentPlan
from energy.climate_plans.justice import Distribution
from energy.climate_plans.portfolio import Portfolio
from twin import Factors
from views.documents.columns import column
from views.documents.model import Column, Method, Table
from views.language import Language

__all__ = ["Extra", "methods", "of_money", "sources", "words"]

Extra = Sequence[tuple[str, tuple[str, ...]]]  # further methods, each with the factors it reads
_SHAPLEY = "L. S. Shapley, A value for n-person games, Contributions to the Theory of Games II (1953) 307-317"
_OWEN = "G. Owen, Values of games with a priori unions, Mathematical Economics and Game Theory (1977) 76-88"
_FORMULAS = {
    "share": "share_i = mean over all orders of E(before i) - E(with i); sum of shares = E(baseline) - E(plan)",
    "interaction": "I_ij = v(ij) - v(i) - v(j), with v(S) = E(baseline) - E(S)",
    "pace": "pace(y) = E(first year) x (1 - target.territorial.rate)^(y - first year)",
    "city": "path(y) = population(y) x target.territorial.base x (1 - target.territorial.rate)^(y - 2018)",
    "sector": "after = inventory x (modelled with the plan / modelled now); sectors outside the model stay as they are",
    "payer": "sum over measures of (investment + renewal + upkeep) x the payer's share",
    "saving": "saving_i = Shapley share of bill(baseline) - bill(plan); bill = sum over carriers of energy x price",
    "funding": "gap = investment - granted - own, own = what payers cover of a measure that is decided or under way",
    "npv": "NPV = sum over years of flow(y) / (1 + r)^(y - first year) + residual / (1 + r)^(last year - first year)",
    "tonne": "cost = -NPV(society without the value of carbon) / sum over years of the Shapley share; blank where NPV >= 0",
    "curve_of_costs": "pick the measure with the greatest NPV while any pays, else the least cost a tonne; run again without it",
    "burden": "net = saving - annuity(investment); rent rise = (annuity - saving) / (area x rent); share = bill / income",
    "account": "GPC BASIC = territorial + bought electricity x (electricity.swedish_mix - electricity.territorial)",
    "sector_cap": "own goal: base x (1 - reduction)^((y - base year) / (goal year - base year)); others share the city's path by size",
    "rollout": "share of those who adopt the measure, or of its roll-out, by the end of the year",
    "cause": "effect_k = sum over carriers of L(E1, E0) x ln(x1_k / x0_k), with the logarithmic mean L",
}
_ANG = "B. W. Ang, The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33 (2005) 867-871"
_REFERENCES = {"share": (_SHAPLEY,), "order": (_SHAPLEY,), "body": (_OWEN,), "saving": (_SHAPLEY,), "cause": (_ANG,)}
_TARGET = ("target.territorial.rate",)
_ACCOUNT = ("electricity.swedish_mix", "electricity.territorial", "electricity.lifecycle", "electricity.marginal")
_CITY = ("population.goteborg", "target.territorial.base", "target.territorial.rate")
_ORDER = (
    "share",
    "order",
    "curve",
    "pace",
    "city",
    "sector",
    "advice",
    "body",
    "interaction",
    "account",
    "sector_cap",
    "rollout",
    "cause",
    "entry",
)
_MONEY = ("cost", "saving", "payer", "funding", "npv", "tonne", "curve_of_costs")


def of_money(plan: InvestmentPlan, found: Distribution) -> Extra:
    """Return the methods of an investment plan with the factors that they read."""

    def starting(keys: Sequence[str], *rooms: str) -> tuple[str, ...]:
        return tuple(k for k in keys if k.split(".")[0] in rooms)

    used = plan.factors_used
    read = {
        "saving": starting(used, "price", "electricity", "tariff"),
        "npv": starting(used, "money"),
        "cost": tuple(k for k in ("money.lifetime_years", "money.price_index") if k in used),
    }
    of_both = (
        ("burden", starting(found.factors_used, "justice")),
        ("benefit", starting(found.factors_used, "cobenefit")),
    )
    return (*((m, read.get(m, ())) for m in _MONEY), *of_both)


def methods(p: Portfolio, text: Language, extra: Extra = ()) -> tuple[Method, ...]:
    """Return how each kind of figure is made."""
    used = _used(p)
    of = {
        m: tuple(k for k in used if p.plan.factors[k][0].perspective == a and not k.startswith("target."))
        for m, a in (("curve", "territorial"), ("advice", "marginal"))
    }
    factors = {**of, "pace": _TARGET, "city": _CITY, "account": _ACCOUNT, **dict(extra)}
    formulas = {
        **_FORMULAS,
        "curve": energy.INDICATORS["co2e_territorial_kg"].formula,
        "advice": energy.INDICATORS["co2e_marginal_kg"].formula,
    }
    return tuple(
        Method(
            m,
            text(f"documents.methods.{m}.title"),
            text(f"documents.methods.{m}.text"),
            formulas.get(m, ""),
            factors.get(m, ()),
            _REFERENCES.get(m, ()),
        )
        for m in (*_ORDER, *(m for m, _ in extra))
    )


def sources(p: Portfolio, text: Language, extra: Extra = ()) -> tuple[Table, ...]:
    """Return the factors used, with value, range, source and status, and the layers of data with their hashes."""
    return _factors(p, text, {k for _, keys in extra for k in keys}), _layers(p, text)


def words(p: Portfolio, text: Language) -> dict[str, str]:
    """Return what is the same in every document."""
    names = (
        "skip",
        "contents",
        "made",
        "made_about",
        "sources",
        "factors",
        "about",
        "figure",
        "method",
        "formula",
        "references",
    )
    digest = hashlib.sha256(p.plan.scenario.to_toml().encode()).hexdigest()
    footer = text(
        "documents.footer", version=_version(), city=p.plan.city.name, scenario=p.plan.scenario.name, digest=digest[:16]
    )
    return {n: text(f"documents.words.{n}") for n in names} | {"footer": footer}


def _used(p: Portfolio) -> list[str]:
    return sorted({*p.baseline.factors_used, *p.plan.factors_used, *_CITY, *_ACCOUNT})


def _factors(p: Portfolio, text: Language, more: set[str]) -> Table:
    titles = Factors.sources()
    rows = []
    for key in sorted({*_used(p), *more}):
        for f in p.plan.factors[key]:
            about = titles.loc[f.source] if f.source in titles.index else None
            title = "" if about is None else str(about["title"])
            address = "" if about is None else str(about["address"])
            rows.append(
                {
                    "key": key,
                    "year": float(f.year),
                    "value": f.value,
                    "low": f.low,
                    "high": f.high,
                    "unit": text.unit(f.unit),
                    "perspective": f.perspective,
                    "status": text(f.status),
                    "source": ". ".join(part for part in (title, f.page, address) if part),
                    "note": f.note,
                }
            )
    shown = (
        column("key", text, head=True),
        column("year", text),
        *(Column(k, text(f"documents.columns.{k}"), "exact") for k in ("value", "low", "high")),
        column("unit", text),
        column("perspective", text),
        column("status", text),
        *(Column(k, text(f"documents.columns.{k}"), language="en") for k in ("source", "note")),
    )
    frame = pd.DataFrame(rows, columns=[c.key for c in shown])
    return Table(
        "factors", text("documents.tables.factors"), frame, shown, text("documents.notes.factors"), anchor="factor"
    )


def _layers(p: Portfolio, text: Language) -> Table:
    rows = [
        {
            "key": name,
            "source": s.source or s.title,
            "licence": s.licence,
            "path": s.path,
            "sha256": s.sha256,
            "note": "; ".join(s.notes),
        }
        for name, s in p.plan.city.sources.items()
    ]
    names = ("key", "source", "licence", "path", "sha256", "note")
    shown = tuple(Column(n, text(f"documents.columns.{'layer' if n == 'key' else n}"), head=n == "key") for n in names)
    return Table(
        "layers", text("documents.tables.layers"), pd.DataFrame(rows, columns=list(names)), shown, anchor="layer"
    )


def _version() -> str:
    try:
        return version("klimattvilling")
    except PackageNotFoundError:
        return ""
