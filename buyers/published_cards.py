"""Test cards whose numbers everybody may know (buyer-wallet.md §A.14), and what happens when one is charged."""

from enum import StrEnum
from typing import NamedTuple

from buyers.models import CardType, Network


class Behaviour(StrEnum):
    """What a charge ends in. The reasons are those that payment providers give."""

    SUCCEEDS = "succeeds"
    DECLINED = "card_declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED = "expired_card"


class PublishedCard(NamedTuple):
    """A test card. Its key stands in the database in place of its number."""

    key: str
    number: str
    network: Network
    type: CardType
    behaviour: Behaviour = Behaviour.SUCCEEDS


CREDIT, DEBIT, PREPAID = CardType.CREDIT, CardType.DEBIT, CardType.PREPAID
PUBLISHED = [
    PublishedCard("visa", "4111111111111111", Network.VISA, CREDIT),
    PublishedCard("visa-second", "4242424242424242", Network.VISA, CREDIT),
    PublishedCard("visa-debit", "4000056655665556", Network.VISA, DEBIT),
    PublishedCard("mastercard", "5454545454545454", Network.MASTERCARD, CREDIT),
    PublishedCard("mastercard-second", "5555555555554444", Network.MASTERCARD, CREDIT),
    PublishedCard("mastercard-debit", "5200828282828210", Network.MASTERCARD, DEBIT),
    PublishedCard("mastercard-prepaid", "5105105105105100", Network.MASTERCARD, PREPAID),
    PublishedCard("american-express", "378282246310005", Network.AMERICAN_EXPRESS, CREDIT),
    PublishedCard("discover", "6011111111111117", Network.DISCOVER, CREDIT),
    PublishedCard("diners-club", "3056930009020004", Network.DINERS_CLUB, CREDIT),
    PublishedCard("jcb", "3566002020360505", Network.JCB, CREDIT),
    PublishedCard("unionpay", "6200000000000005", Network.UNIONPAY, CREDIT),
    PublishedCard("visa-declines-later", "4000000000000341", Network.VISA, CREDIT, Behaviour.DECLINED),
    PublishedCard("visa-declines", "4000000000000002", Network.VISA, CREDIT, Behaviour.DECLINED),
    PublishedCard("visa-no-funds", "4000000000009995", Network.VISA, CREDIT, Behaviour.INSUFFICIENT_FUNDS),
    PublishedCard("visa-expired", "4000000000000069", Network.VISA, CREDIT, Behaviour.EXPIRED),
]
BY_KEY = {card.key: card for card in PUBLISHED}
BY_NUMBER = {card.number: card for card in PUBLISHED}
