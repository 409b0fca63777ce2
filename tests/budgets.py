"""Request budgets, and what LL2 says of them."""

from datetime import timedelta

from bot.ll2.budget import RequestBudget
from bot.ll2.throttle import ThrottleReport

HOUR = timedelta(hours=1)
NOTHING = timedelta()


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def a_budget(hourly_budget: int = 15, *, has_key: bool = False) -> RequestBudget:
    """A budget that has seen nothing yet."""
    return RequestBudget(hourly_budget=hourly_budget, has_key=has_key)


def a_report(
    *, limit: int = 15, used: int = 0, next_use: timedelta = NOTHING, period: timedelta = HOUR
) -> ThrottleReport:
    """What `/api-throttle/` says."""
    return ThrottleReport(limit=limit, period=period, used=used, next_use=next_use)
