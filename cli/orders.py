"""`loket orders …`: what customers have ordered, and what is decided about it."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from cli.environment import settings_or_exit

orders = typer.Typer(
    help="New lines and changes of plan that customers ask for.", no_args_is_help=True, rich_markup_mode=None
)
_Number = Annotated[str, typer.Argument(help="The order's number.")]


@orders.command("list")
def orders_list(
    status: Annotated[str, typer.Option(help="waiting, approved, done, refused or withdrawn.")] = "waiting",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Show orders, the oldest first."""
    asyncio.run(_show(status, limit))


@orders.command("approve")
def orders_approve(number: _Number) -> None:
    """A new line is installed and runs from now; another plan comes with the next period."""
    asyncio.run(_decide(number))


@orders.command("refuse")
def orders_refuse(
    number: _Number, reason: Annotated[str, typer.Option(help="Why, as the customer reads it.")]
) -> None:
    """Nothing comes of an order; the customer is told why."""
    asyncio.run(_decide(number, reason))


async def _show(status: str, limit: int) -> None:
    from core.bootstrap import bootstrap
    from core.subscriptions.types import OrderStatus

    async with bootstrap(settings_or_exit()) as services:
        listed = await services.orders.listed(OrderStatus(status), limit=limit)
    for order in listed:
        day = f"from {order.effective_on}" if order.effective_on else f"since {order.created_at:%Y-%m-%d}"
        print(
            f"{order.number}  {order.kind:<6}  {order.service_number}  {order.customer_name}: {order.plan_name}  {day}"
        )
    if not listed:
        print("Nothing there.")


async def _decide(number: str, refused_for: str | None = None) -> None:
    from core.bootstrap import bootstrap
    from core.platform.errors import DomainError

    async with bootstrap(settings_or_exit()) as services:
        decision = (
            services.orders.approve(number, member=None)
            if refused_for is None
            else services.orders.refuse(number, member=None, reason=refused_for)
        )
        try:
            order = await decision
        except DomainError as refusal:
            print(f"{number}: {refusal.reason}", file=sys.stderr)
            raise SystemExit(1) from refusal
    print(f"{number}: {order.status}")
