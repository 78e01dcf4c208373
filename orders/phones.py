"""Orders on members' phones: made when somebody asks for one, and kept up to date ever after."""

from applewallet import services as applewallet
from applewallet.models import Package, Subject
from applewallet.services import Source
from orders.models import Order
from orders.source import order_source
from orders.stated_source import stated_source


def source_of(order: Order) -> Source:
    """What an order shows on a phone."""
    return stated_source(order) if order.is_stated else order_source(order)


def order_package(order: Order) -> Package:
    """The package of an order. Raises NotSignable."""
    return applewallet.package_about(order.brand, Subject.ORDER, order.uuid, lambda: source_of(order))


def rendered(package: Package) -> Source | None:
    """What an order's package shows now."""
    orders = package.type.brand.orders.select_related("brand", "member", "payment")
    order = orders.filter(uuid=package.subject_uuid).first()
    return source_of(order) if order else None


def order_changed(order: Order) -> None:
    """Bring the package of an order up to date, in the transaction that changed it."""
    package = applewallet.find_package(order.brand, Subject.ORDER, order.uuid)
    if package is not None:
        applewallet.refresh(package, source_of(order))
