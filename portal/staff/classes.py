"""Classes of customers in words: of accounts and of tariffs, as the core names them."""

from flask_babel import lazy_gettext as _l

CLASSES = {
    "residential": _l("居民"),
    "commercial": _l("商业"),
    "industrial": _l("工业"),
    "agriculture": _l("农业"),
}
