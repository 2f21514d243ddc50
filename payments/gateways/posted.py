"""Messages that gateways post as forms, read strictly."""

from urllib.parse import parse_qsl

from payments.gateways.base import NotificationRefused

MOST_FIELDS = 100


def posted_fields(gateway: str, body: bytes, charset_field: str) -> dict[str, str]:
    """The fields of a form in UTF-8, each there once. Raises NotificationRefused("malformed").

    `charset_field` is the field in which this gateway names the character set.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise NotificationRefused(gateway, "malformed") from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or fields.get(charset_field, "utf-8").lower() != "utf-8":
        raise NotificationRefused(gateway, "malformed")
    return fields
