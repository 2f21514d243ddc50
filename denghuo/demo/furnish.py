"""What makes the started processes a utility: its data, its customers, and the words at the end."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import click
import httpx

from denghuo.demo.people import Resident, password, settle
from denghuo.demo.requests import settle_requests
from denghuo.house import Place, await_answer
from notifications.channels import registration, wechat_cards
from runtime import clock


def furnish(place: Place, say: Callable[[str], None], *, small: bool = False) -> list[Resident]:
    """Fill the core, bring the copy up to date and give the named customers their log-ins.

    Everything is idempotent: what a start that was broken off has done is not done again.
    """
    await_answer(f"{place.portal}/readyz")
    say(f"The portal answers at {place.portal}")
    await_answer(f"{place.core}/healthz")
    await_answer(f"{place.sandbox}/healthz")
    approve_sms(place)
    approve_cards(place)
    say("The utility: meters, readings and bills of thirteen months")
    command(place, "core", "demo-utility", *(["--small"] if small else []))
    say("The customer side takes over what the core has")
    command(place, "sync", "run")
    residents = settle(place, _named_people(place))
    if not small:
        say("What customers have asked for lately")
        settle_requests(place)
        say("Who may pay late, and whose usage fell")
        command(place, "insight", "run")
        say("Reminders of this week")
        command(place, "remind", "run", "--day", f"{clock.today() - timedelta(days=7)}")
        command(place, "remind", "run")
    return residents


def approve_sms(place: Place) -> None:
    """Have the providers of text messages approve our wordings, which takes people days."""
    given = [asdict(each) for each in registration.registrations(f"{place.portal}/")]
    url = f"{place.sandbox}/test/sms/templates"
    httpx.post(url, json={"templates": given}, trust_env=False).raise_for_status()


def approve_cards(place: Place) -> None:
    """Have WeChat give the service account its templates, under our names for them."""
    for name, content in wechat_cards.registrations().items():
        template = {"template_id": name, "content": content}
        url = f"{place.sandbox}/test/wechat/templates"
        httpx.post(url, json=template, trust_env=False).raise_for_status()


def command(place: Place, *words: str) -> None:
    """Run one `denghuo` command of this house to its end. Raises CalledProcessError."""
    subprocess.run(["denghuo", *words], env=place.environment(), check=True)  # noqa: S603, S607


def _named_people(place: Place) -> list[dict[str, str]]:
    told = subprocess.run(
        ["denghuo", "core", "demo-people"],  # noqa: S607
        env=place.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


def farewell(place: Place, residents: list[Resident]) -> None:
    """Addresses and log-ins, the last words of the start."""
    click.echo(f"""
  Portal    {place.portal}
  Sandbox   {place.sandbox}   (cashiers, a WeChat to write from, SMS box)
  Core      {place.core}/docs

  Log-ins, all with the password  {password(place.var)}
""")
    for resident in residents:
        click.echo(f"    {resident.phone}   {resident.note}")
    click.echo(
        f"\n  Staff sign in with two steps: the code is in the SMS box, {place.sandbox}/sms."
        "\n  The assistant may still be learning: until then the chat answers with its menu."
        "\n  Ctrl-C ends everything that was started here.\n"
    )
