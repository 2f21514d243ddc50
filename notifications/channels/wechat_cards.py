"""The templates of the service account as WeChat's library holds them: keys and their titles."""

from notifications.wordings import catalogue


def registrations() -> dict[str, str]:
    """The content of each template, by our name for it (`notifications/wordings/cards.yaml`)."""
    return {
        name: "\n".join(f"{title.zh} {{{{{key}.DATA}}}}" for key, title in card.keys.items())
        for name, card in catalogue.cards().items()
    }
